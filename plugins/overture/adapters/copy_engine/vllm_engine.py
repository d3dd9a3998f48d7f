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
    """vLLM with one model loaded, fed while it works: `begin` hands it requests, `finished` gives its drafts."""

    def __init__(self, options: EngineOptions, sampling: Sampling, threads: int) -> None:
        from vllm import LLM, __version__
        from vllm.platforms import current_platform

        if not current_platform.device_type:
            expected = "an NVIDIA GPU and its driver, or the environment of locks/copy-cpu.txt"
            raise CopyEngineError("no device for the copy engine", where=options.name, expected=expected, got="none")
        on_cpu = current_platform.is_cpu()
        dtype = options.dtype if options.dtype != "auto" else "float32" if on_cpu else "bfloat16"
        llm = LLM(
            model=options.model,
            dtype=dtype,
            max_model_len=options.context_tokens,
            max_num_seqs=options.batch_size,
            enable_prefix_caching=True,
            structured_outputs_config={"backend": "xgrammar"},
            seed=0,
            **(_on_processors(options) if on_cpu else {}),
        )
        self._engine, self._tokenizer = llm.llm_engine, llm.get_tokenizer()
        self._asked: dict[str, tuple[CopyRequest, int]] = {}
        self._finished: list[RawDraft] = []
        self._options, self._sampling = options, sampling
        self._signature: dict[str, Any] = {
            "engine": "vllm",
            "engine_version": __version__,
            "model": options.name,
            "device": current_platform.device_type,
            "dtype": dtype,
            "threads": threads,
        }

    def begin(self, requests: Sequence[CopyRequest]) -> None:
        """Take requests in hand. One that the engine would choke on is finished at once, refused; the others go on.

        An over-long prompt or a bad grammar would fail the whole call, so each is checked before.
        """
        from vllm.inputs import TokensPrompt

        for request in requests:
            tokens = self._tokens(request)
            refusal = self._refusal(request, tokens)
            if refusal:
                self._finished.append(self._draft(request, "", refusal, 0, 0))
            else:
                self._engine.add_request(
                    request.draft_id, TokensPrompt(prompt_token_ids=tokens), self._parameters(request)
                )
                self._asked[request.draft_id] = request, len(tokens)

    def finished(self) -> list[RawDraft]:
        """Let the engine work until drafts are finished, and return those; none where nothing is in hand."""
        while self._asked and not self._finished:
            for output in self._engine.step():
                if output.finished:
                    request, tokens_in = self._asked.pop(output.request_id)
                    said = output.outputs[0]
                    self._finished.append(
                        self._draft(request, said.text, str(said.finish_reason), tokens_in, len(said.token_ids))
                    )
        finished, self._finished = self._finished, []
        return finished

    def _draft(self, request: CopyRequest, text: str, why: str, tokens_in: int, tokens_out: int) -> RawDraft:
        return RawDraft(
            draft_id=request.draft_id,
            text=text,
            finish_reason=why,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            prompt_version=request.prompt_version,
            **self._signature,
        )

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
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(
            output_kind=RequestOutputKind.FINAL_ONLY,
            temperature=self._sampling.temperature,
            top_p=self._sampling.top_p,
            top_k=self._sampling.top_k,
            repetition_penalty=self._sampling.repetition_penalty,
            max_tokens=self._sampling.max_tokens,
            seed=request.seed,
            structured_outputs=_structure(request.pattern),
        )


def _on_processors(options: EngineOptions) -> dict[str, Any]:
    # A seeded request whose prompt is read in chunks ends the whole call on the CPU, so whole prompts are read at once;
    # few of them in the first step, for those after it find their common beginning in the cache.
    # Eager starts in seconds; compiling would win a tenth on batches that last minutes.
    return {
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": options.context_tokens,
        "block_size": CACHE_BLOCK_TOKENS,
        "enforce_eager": True,
    }


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
