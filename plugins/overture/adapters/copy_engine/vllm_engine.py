"""The door to vLLM: one engine in this process that turns requests into drafts."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from overture.adapters.copy_engine.exchange import CopyRequest, EngineOptions, RawDraft, Sampling
from overture.errors import CopyEngineError

CACHE_BLOCK_TOKENS = 32
"""Prompts share their beginning by whole blocks; small ones waste little, and the CPU wants a multiple of 32."""


def quiet_environment(options: EngineOptions, threads: int) -> dict[str, str]:
    """Return the environment variables that must stand before vLLM and torch are imported.

    Nothing goes to the network; the engine runs in this process, so that ending it ends all of it; torch takes no more
    threads than it is given, and those that wait sleep instead of spinning beside other processes.
    """
    return {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_KVCACHE_SPACE": str(options.cache_gib),
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "ERROR"),
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
    }


class VllmEngine:
    """vLLM with one model loaded; `write` turns requests into drafts, one for each, in order."""

    def __init__(self, options: EngineOptions, sampling: Sampling, threads: int) -> None:
        from vllm import LLM, __version__
        from vllm.platforms import current_platform

        if not current_platform.device_type:
            expected = "an NVIDIA GPU and its driver, or the environment of locks/copy-cpu.txt"
            raise CopyEngineError("no device for the copy engine", where=options.name, expected=expected, got="none")
        on_cpu = current_platform.is_cpu()
        dtype = options.dtype if options.dtype != "auto" else "float32" if on_cpu else "bfloat16"
        on_device: dict[str, Any] = {}
        if on_cpu:
            # A seeded request whose prompt is read in chunks ends the whole call on the CPU, so whole prompts are read
            # at once; few of them in the first step, for those after it find their common beginning in the cache.
            # Eager starts in seconds; compiling would win a tenth on batches that last minutes.
            on_device = {
                "enable_chunked_prefill": False,
                "max_num_batched_tokens": options.context_tokens,
                "block_size": CACHE_BLOCK_TOKENS,
                "enforce_eager": True,
            }
        self._llm = LLM(
            model=options.model,
            dtype=dtype,
            max_model_len=options.context_tokens,
            max_num_seqs=options.batch_size,
            enable_prefix_caching=True,
            structured_outputs_config={"backend": "xgrammar"},
            seed=0,
            **on_device,
        )
        self._tokenizer = self._llm.get_tokenizer()
        self._options, self._sampling = options, sampling
        self._signature = {
            "engine": "vllm",
            "engine_version": __version__,
            "model": options.name,
            "device": current_platform.device_type,
            "dtype": dtype,
            "threads": threads,
        }

    def write(self, requests: Sequence[CopyRequest]) -> list[RawDraft]:
        """Generate one batch. A request that the engine would choke on comes back refused; the others go on.

        One over-long prompt or bad grammar would fail vLLM's whole call, so each is checked before.
        """
        from vllm.inputs import TokensPrompt

        prompts = [self._tokens(request) for request in requests]
        refusals = [self._refusal(*pair) for pair in zip(requests, prompts, strict=True)]
        asked = [place for place, refusal in enumerate(refusals) if refusal is None]
        outputs = self._llm.generate(
            [TokensPrompt(prompt_token_ids=prompts[place]) for place in asked],
            [self._parameters(requests[place]) for place in asked],
            use_tqdm=False,
        )
        answers = dict(zip(asked, (output.outputs[0] for output in outputs), strict=True))
        return [
            RawDraft(
                draft_id=request.draft_id,
                text=answers[place].text if place in answers else "",
                finish_reason=refusals[place] or str(answers[place].finish_reason),
                tokens_in=len(prompts[place]) if place in answers else 0,
                tokens_out=len(answers[place].token_ids) if place in answers else 0,
                prompt_version=request.prompt_version,
                **self._signature,
            )
            for place, request in enumerate(requests)
        ]

    def _tokens(self, request: CopyRequest) -> list[int]:
        messages = [{"role": role, "content": content} for role, content in request.messages]
        tokens = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        return list(tokens)

    def _refusal(self, request: CopyRequest, tokens: list[int]) -> str | None:
        if not tokens or len(tokens) + self._sampling.max_tokens > self._options.context_tokens:
            return "too_long_prompt"
        return None if _is_grammar(request.pattern) else "bad_grammar"

    def _parameters(self, request: CopyRequest) -> Any:
        from vllm import SamplingParams

        return SamplingParams(
            temperature=self._sampling.temperature,
            top_p=self._sampling.top_p,
            top_k=self._sampling.top_k,
            repetition_penalty=self._sampling.repetition_penalty,
            max_tokens=self._sampling.max_tokens,
            seed=request.seed,
            structured_outputs=_structure(request.pattern),
        )


def _structure(pattern: str) -> Any:
    from vllm.sampling_params import StructuredOutputsParams

    return StructuredOutputsParams(regex=pattern)


@lru_cache(maxsize=256)
def _is_grammar(pattern: str) -> bool:
    from vllm import SamplingParams
    from vllm.v1.structured_output.backend_xgrammar import validate_xgrammar_grammar

    try:
        validate_xgrammar_grammar(SamplingParams(structured_outputs=_structure(pattern)))
    except Exception:  # the converter is native code behind two layers, each with errors of its own
        return False
    return bool(pattern)
