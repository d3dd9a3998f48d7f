"""The ways to write the same drafts that `bench_copy` compares, each in a process of its own that says what it took."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from overture.adapters.copy_engine.exchange import Job, RawDraft, read_shards, shards, write_job
from overture.adapters.copy_engine.memory import BATCHES_BEGIN
from overture.settings import PACKAGE

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Speed:
    """What one way took. start: seconds until the engine stood. seconds, cpu: from there on, by clock and of CPU."""

    start: float
    seconds: float
    cpu: float
    tokens_in: int
    tokens_out: int
    drafts: int

    @property
    def rate(self) -> float:
        """Tokens written a second."""
        return self.tokens_out / self.seconds

    @property
    def rate_of_cpu(self) -> float:
        """Tokens written a second of CPU: what is left to compare where other programs hold the processors."""
        return self.tokens_out / self.cpu


def by_our_step(python: Path, job: Job, scratch: Path) -> tuple[Speed, dict[str, RawDraft]]:
    """Run the copy worker on the job; time it from when its engine stands until its last shard is written."""
    scratch.mkdir()
    path, out = scratch / "requests.jsonl", scratch / "shards"
    write_job(path, job)
    command = [str(python), "-m", "overture.adapters.copy_engine.generate", "--job", str(path), "--out", str(out)]
    begun = time.time()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment(), text=True) as process:
        said = iter(process.stdout or ())
        if not any(line.strip() == BATCHES_BEGIN for line in said):
            raise SystemExit("bench: the copy worker's engine did not start")
        stood, before = time.time(), psutil.Process(process.pid).cpu_times()
        if failure := list(said):
            raise SystemExit(f"bench: the copy worker failed: {failure}")
        # It has ended and is not waited for yet, so that its seconds can still be asked for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        after = psutil.Process(process.pid).cpu_times()
    drafts = read_shards(out)
    speed = Speed(
        start=stood - begun,
        seconds=max(shard.stat().st_mtime for shard in shards(out)) - stood,
        cpu=after.user + after.system - before.user - before.system,
        tokens_in=sum(draft.tokens_in for draft in drafts.values()),
        tokens_out=sum(draft.tokens_out for draft in drafts.values()),
        drafts=len(drafts),
    )
    return speed, drafts


def one_at_a_time(python: Path, job: Job, scratch: Path) -> tuple[Speed, dict[str, RawDraft]]:
    """Run the copy worker with a single request in hand."""
    return by_our_step(python, replace(job, options=replace(job.options, batch_size=1)), scratch)


def by_script(python: Path, script: str, job: Path, threads: int, options: Sequence[str] = ()) -> Speed:
    """Run a script of this folder in the copy environment on a job's file."""
    environment = {**_environment(), "OMP_NUM_THREADS": str(threads)}
    command = [str(python), str(FOLDER / f"{script}.py"), str(job), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {script} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Speed(**json.loads(done.stdout.strip().splitlines()[-1]))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    return {**kept, "PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
