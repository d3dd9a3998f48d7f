"""The tuning worker, in the copy environment: `python -m ... --job FOLDER --out MODEL_FOLDER`."""

import argparse
import math
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any, Final, TextIO

from overture.adapters.copy_engine.generate import noise_to
from overture.adapters.copy_engine.memory import is_out_of_memory
from overture.adapters.copy_engine.model_folder import MANIFEST, verify_folder, write_manifest
from overture.adapters.copy_engine.processors import free_threads
from overture.adapters.copy_training.exchange import REPORT, Trained, TrainingPlan, read_job, write_report
from overture.adapters.copy_training.packing import Packed, Pair, pack, tokenized
from overture.adapters.worker_process import end_with_input, exit_code_of
from overture.errors import CopyEngineError

PACKAGES: Final = ("peft", "safetensors", "torch", "transformers")
LONGEST_STRIDE: Final = 1.0
"""A gradient longer than this is shortened to it."""

SHOWN_EVERY: Final = 10
ADVICE: Final = "more memory, or a smaller [training] batch_size in config/copy_tuning.toml"


def main(arguments: Sequence[str]) -> int:
    """Tune the job's model and leave it as a folder; return 0, or an error's exit code.

    Progress goes to standard error, what libraries say to `training.log` beside the job; an error's one line goes to
    standard output, for the process that started this.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", type=Path, required=True, help="folder of the plan and the examples")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to make")
    options = parser.parse_args(arguments)
    threading.Thread(target=end_with_input, daemon=True).start()

    def work() -> None:
        with noise_to(options.job / "training.log") as terminal:
            try:
                tune(options.job, options.out, terminal)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                said = f"{type(error).__name__}: {error}".splitlines()[0]
                raise CopyEngineError("no memory to tune", where=options.job, expected=ADVICE, got=said) from error

    return exit_code_of(work)


def tune(job: Path, out: Path, terminal: TextIO) -> None:
    """Train adapters on the job's examples, merge them into the model, and write its folder; its name comes last."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    import torch
    from transformers import AutoTokenizer

    plan, examples = read_job(job)
    base = verify_folder(Path(plan.base))
    threads = free_threads(plan.most_threads)
    torch.set_num_threads(threads)
    torch.manual_seed(plan.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" or torch.cpu._is_avx512_bf16_supported() else torch.float32
    print(f"tune_copy_model: {len(examples)} examples, {device}, {dtype}, {threads} threads", file=terminal, flush=True)
    model = _adapted(plan, device, dtype)
    pairs = tokenized(examples, AutoTokenizer.from_pretrained(plan.base))
    course = Course(model, plan, device)
    course.run(pairs, terminal)
    trained = course.report(str(dtype).removeprefix("torch."), threads)
    write_report(job / REPORT, trained)
    _write_merged(model, Path(plan.base), out, {"base": base, "job": job.name})


def _adapted(plan: TrainingPlan, device: str, dtype: Any) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(plan.base, dtype=dtype, attn_implementation="sdpa").to(device)
    adapters = LoraConfig(
        task_type="CAUSAL_LM",
        r=plan.rank,
        lora_alpha=plan.alpha,
        lora_dropout=plan.dropout,
        target_modules=list(plan.targets),
    )
    return get_peft_model(base, adapters).train()


class Course:
    """One training: steps until the budget is used up, and what they came to."""

    def __init__(self, model: Any, plan: TrainingPlan, device: str) -> None:
        import torch

        self._model, self._plan, self._device = model, plan, device
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=plan.learning_rate, weight_decay=0.0)
        self._began, self._tokens, self._examples = time.monotonic(), 0, 0
        self._losses: list[float] = []

    def run(self, pairs: Sequence[Pair], terminal: TextIO) -> None:
        """Take steps; raise CopyEngineError where the loss is no number any more."""
        for batch in self._batches(pairs):
            used = self._used()
            if used >= 1:
                break
            loss = self._step(pack(batch), used)
            if not math.isfinite(loss):
                expected = "a finite loss; a smaller learning_rate may give one"
                raise CopyEngineError("training went astray", where="copy_tuning.toml", expected=expected, got=loss)
            self._losses.append(loss)
            self._examples += len(batch)
            if len(self._losses) % SHOWN_EVERY == 0:
                speed = self._tokens / (time.monotonic() - self._began)
                line = f"step {len(self._losses)}, {self._tokens} tokens, loss {loss:.3f}, {speed:.0f} tokens/s"
                print(f"tune_copy_model: {line}", file=terminal, flush=True)

    def report(self, dtype: str, threads: int) -> Trained:
        """Return what was done."""
        tenth = max(1, len(self._losses) // 10)
        first, last = self._losses[:tenth], self._losses[-tenth:]
        return Trained(
            steps=len(self._losses),
            examples=self._examples,
            tokens=self._tokens,
            seconds=time.monotonic() - self._began,
            device=self._device,
            dtype=dtype,
            threads=threads,
            first_loss=sum(first) / len(first),
            last_loss=sum(last) / len(last),
            is_cut=self._tokens < self._plan.tokens,
            packages={name: version(name) for name in PACKAGES},
        )

    def _batches(self, pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
        random, size = Random(self._plan.seed), self._plan.batch_size  # noqa: S311 - shuffles, guards nothing
        while True:
            order = random.sample(list(pairs), len(pairs))
            yield from (order[first : first + size] for first in range(0, len(order), size))

    def _used(self) -> float:
        """Return the used share of the budget. While it is that of the tokens, nothing depends on how fast it goes."""
        minutes = (time.monotonic() - self._began) / 60
        return max(self._tokens / self._plan.tokens, minutes / self._plan.minutes)

    def _step(self, batch: Packed, used: float) -> float:
        import torch

        rise = self._plan.warmup_share
        for group in self._optimizer.param_groups:
            share = max(used, 0.01) / rise if used < rise else (1 - used) / (1 - rise)
            group["lr"] = self._plan.learning_rate * share
        loss = self.loss_of(batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, LONGEST_STRIDE)
        self._optimizer.step()
        self._tokens += len(batch.tokens)
        return float(loss.detach())

    def loss_of(self, batch: Packed) -> Any:
        """Return the mean loss of a token of the replies; nothing else is learnt."""
        import torch

        branches, positions, tokens, asked, answers = (
            torch.tensor(each, device=self._device)
            for each in (batch.branches, batch.positions, batch.tokens, batch.asked, batch.answers)
        )
        earlier = torch.ones((len(tokens), len(tokens)), dtype=torch.bool, device=self._device).tril()
        seen = earlier & ((branches[None, :] == -1) | (branches[None, :] == branches[:, None]))
        output = self._model(
            input_ids=tokens[None],
            attention_mask=seen[None, None],
            position_ids=positions[None],
            use_cache=False,
            logits_to_keep=asked,
        )
        return torch.nn.functional.cross_entropy(output.logits[0].float(), answers)


def _write_merged(model: Any, base: Path, out: Path, source: dict[str, str]) -> None:
    """Write the merged weights in the base's precision, and everything else as the base has it, byte for byte."""
    import torch
    from transformers import AutoConfig

    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        # Added in float32 and rounded once: bfloat16 would lose part of what was learnt on the way.
        kept = AutoConfig.from_pretrained(base).dtype or torch.float32
        merged = model.float().merge_and_unload()
        merged.to(kept).to("cpu").save_pretrained(temporary)
        for path in base.iterdir():
            if path.is_file() and path.name != MANIFEST and not path.name.startswith("model.safetensors"):
                shutil.copyfile(path, temporary / path.name)
        for path in temporary.iterdir():
            path.chmod(0o644)  # a worker may be another user
        write_manifest(temporary, out.name, source, {name: version(name) for name in PACKAGES})
        verify_folder(temporary)
        shutil.rmtree(out, ignore_errors=True)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
