"""vLLM as one would call it by hand, in the copy environment: a job's prompts, one engine, one call, nothing stored.

Started as `python bench/vllm_by_hand.py JOB [--without-prefix-cache]`; prints one line of JSON.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.update(
    HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", VLLM_CPU_KVCACHE_SPACE="1", VLLM_LOGGING_LEVEL="ERROR",
    VLLM_ENABLE_V1_MULTIPROCESSING="0",
)  # fmt: skip


def main() -> None:
    """Generate all drafts of a job by one call; print seconds of the start, seconds and CPU, tokens in and out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", type=Path)
    parser.add_argument("--without-prefix-cache", action="store_true")
    asked = parser.parse_args()
    options, sampling, _, _, *requests = map(json.loads, asked.job.read_text(encoding="utf-8").splitlines())
    from vllm import LLM, SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    begun = time.perf_counter()
    llm = LLM(**_arguments(options), enable_prefix_caching=not asked.without_prefix_cache)
    started, cpu = time.perf_counter(), time.process_time()
    template = llm.get_tokenizer().apply_chat_template
    prompts = [
        template(
            [{"role": role, "content": content} for role, content in request["messages"]],
            add_generation_prompt=True,
            tokenize=False,
        )
        for request in requests
    ]
    parameters = [
        SamplingParams(
            **sampling,
            seed=request["seed"],
            structured_outputs=StructuredOutputsParams(regex=request["pattern"]),
        )
        for request in requests
    ]
    outputs = llm.generate(prompts, parameters, use_tqdm=False)
    said = {
        "start": started - begun,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "tokens_in": sum(len(output.prompt_token_ids or ()) for output in outputs),
        "tokens_out": sum(len(output.outputs[0].token_ids) for output in outputs),
        "drafts": len(outputs),
    }
    print(json.dumps(said))


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's arguments: those of the worker, since the defaults end a seeded call on a processor."""
    return {
        "model": options["model"],
        "dtype": "float32",
        "max_model_len": options["context_tokens"],
        "max_num_seqs": options["batch_size"],
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": options["context_tokens"],
        "block_size": 32,
        "enforce_eager": True,
        "structured_outputs_config": {"backend": "xgrammar"},
    }


if __name__ == "__main__":
    main()
