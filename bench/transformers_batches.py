"""transformers' own `generate` in batches, in the copy environment: a job's prompts, without its grammar.

Started as `python bench/transformers_batches.py JOB`; prints one line of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

BATCH = 32

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


def main(job: Path) -> None:
    """Generate a reply to each prompt; print seconds of the start, seconds, of CPU too, and tokens in and out."""
    options, sampling, _, _, *requests = map(json.loads, job.read_text(encoding="utf-8").splitlines())
    begun = time.perf_counter()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(options["model"], padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(options["model"], dtype=torch.float32).eval()
    started, cpu = time.perf_counter(), time.process_time()
    tokens_in = tokens_out = 0
    for first in range(0, len(requests), BATCH):
        read, written = _batch(model, tokenizer, requests[first : first + BATCH], sampling)
        tokens_in, tokens_out = tokens_in + read, tokens_out + written
    said = {
        "start": started - begun,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "drafts": len(requests),
    }
    print(json.dumps(said))


def _batch(model: Any, tokenizer: Any, requests: list[Any], sampling: dict[str, Any]) -> tuple[int, int]:
    """Return how many tokens one batch read and wrote, without what only fills it up."""
    import torch

    chats = [[{"role": role, "content": content} for role, content in each["messages"]] for each in requests]
    texts = [tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    with torch.inference_mode():
        outputs = model.generate(
            **inputs,
            do_sample=True,
            temperature=sampling["temperature"],
            top_p=sampling["top_p"],
            top_k=sampling["top_k"],
            max_new_tokens=sampling["max_tokens"],
            pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
        )
    written = 0
    for reply in outputs[:, inputs["input_ids"].shape[1] :].tolist():
        ends = [place for place, token in enumerate(reply) if token in _ends(model)]
        written += ends[0] + 1 if ends else len(reply)
    return int(inputs["attention_mask"].sum()), written


def _ends(model: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    return set(ends) if isinstance(ends, list) else {ends}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
