"""Prints the loss of a job's replies, in the copy environment: `python reply_losses.py JOB_FOLDER MODEL_FOLDER`.

First as the worker packs them into one row, then one by one, each token counted once.
"""

import dataclasses
import sys
from pathlib import Path


def main(job: Path, model_folder: Path) -> None:
    """Print both means, of float32 weights without adapters."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from overture.adapters.copy_training.exchange import read_job
    from overture.adapters.copy_training.packing import pack, tokenized
    from overture.adapters.copy_training.train import Course

    plan, examples = read_job(job)
    pairs = tokenized(examples, AutoTokenizer.from_pretrained(model_folder))
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    course = Course(model, dataclasses.replace(plan, dropout=0.0), "cpu")
    with torch.inference_mode():
        packed = course.loss_of(pack(pairs))
        total = 0.0
        for pair in pairs:
            logits = model(torch.tensor([[*pair.prompt, *pair.reply]])).logits[0]
            told = logits[len(pair.prompt) - 1 : -1]
            total += float(torch.nn.functional.cross_entropy(told, torch.tensor(pair.reply), reduction="sum"))
    print(float(packed), total / sum(len(pair.reply) for pair in pairs))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
