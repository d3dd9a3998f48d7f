"""The copy worker, in the copy environment: `python -m ... --job FILE --out FOLDER`."""

import argparse
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TextIO

from overture.adapters.copy_engine.exchange import (
    CopyRequest,
    Job,
    RawDraft,
    read_job,
    read_shards,
    write_shard,
)
from overture.adapters.copy_engine.memory import BATCHES_BEGIN, memory_named
from overture.adapters.copy_engine.processors import free_threads
from overture.adapters.turns import turn
from overture.adapters.worker_process import end_with_input, exit_code_of
from overture.errors import CopyEngineError, EngineMemoryError

BAR_WIDTH = 30


class Engine(Protocol):
    """Whatever turns a batch of requests into one draft each, in order."""

    def write(self, requests: Sequence[CopyRequest]) -> list[RawDraft]:
        """Generate one batch."""


def main(arguments: Sequence[str]) -> int:
    """Generate the drafts of a job that the folder does not hold yet; return 0, or an error's exit code.

    Progress goes to standard error; an error's one line goes to standard output, for the process that started this.
    What the engine's libraries say goes to `engine.log` in the folder.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", type=Path, required=True, help="requests, as JSON lines")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--batch-size", type=int, help="fewer requests at once than the job says")
    parser.add_argument("--end-with-input", action="store_true", help="end as soon as standard input closes")
    options = parser.parse_args(arguments)
    if options.end_with_input:
        threading.Thread(target=end_with_input, daemon=True).start()

    def work() -> None:
        with sole_worker(options.out), noise_to(options.out / "engine.log") as terminal:
            job = read_job(options.job)
            size = options.batch_size or job.options.batch_size
            generate_missing(replace(job, options=replace(job.options, batch_size=size)), options.out, terminal)

    return exit_code_of(work)


def generate_missing(job: Job, folder: Path, terminal: TextIO) -> int:
    """Generate what no finished shard holds, one shard a batch; return how many. Starts no engine for nothing.

    Raises EngineMemoryError when memory runs out in a batch: the engine is then in no known state, and a new process
    may try a smaller one. Raises CopyEngineError, which says what to do, when it runs out before.
    """
    stored = read_shards(folder)
    missing = [request for request in job.requests if request.draft_id not in stored]
    if not missing:
        return 0
    with memory_named(CopyEngineError, "no memory to start the copy engine", job.options.name):
        engine = _open_engine(job, terminal)
    print(BATCHES_BEGIN, flush=True)
    size = job.options.batch_size
    start, tokens = time.monotonic(), 0
    for first in range(0, len(missing), size):
        batch = missing[first : first + size]
        with memory_named(EngineMemoryError, "no memory for a batch", f"a batch of {len(batch)}"):
            drafts = engine.write(batch)
        write_shard(folder, drafts)
        tokens += sum(draft.tokens_out for draft in drafts)
        _show(terminal, first + len(drafts), len(missing), tokens / (time.monotonic() - start))
    return len(missing)


def _open_engine(job: Job, terminal: TextIO) -> Engine:
    if job.options.model.startswith(("http://", "https://")):
        from overture.adapters.copy_engine.served_engine import ServedEngine

        return ServedEngine(job.options, job.sampling)
    threads = free_threads(job.options.most_threads)
    print(f"write_copy: starting vLLM with {job.options.name}, {threads} threads", file=terminal, flush=True)
    from overture.adapters.copy_engine.vllm_engine import VllmEngine, quiet_environment

    os.environ.update(quiet_environment(job.options, threads))
    return VllmEngine(job.options, job.sampling, threads)


@contextmanager
def sole_worker(folder: Path) -> Iterator[None]:
    """Hold the folder: a second worker waits here, and then finds what the first has left to do."""
    folder.mkdir(parents=True, exist_ok=True)
    with turn(folder / ".worker"):
        yield


@contextmanager
def noise_to(log: Path) -> Iterator[TextIO]:
    """Send this process's standard error, that of native code too, to `log`; give what it was before, for progress."""
    kept = os.dup(2)
    try:
        with log.open("ab") as file, os.fdopen(os.dup(kept), "w", encoding="utf-8") as terminal:
            os.dup2(file.fileno(), 2)
            yield terminal
    except Exception:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _show(terminal: TextIO, done: int, wanted: int, speed: float) -> None:
    filled = BAR_WIDTH * done // wanted
    bar = "#" * filled + "." * (BAR_WIDTH - filled)
    end = "\r" if terminal.isatty() and done < wanted else "\n"
    line = f"write_copy: [{bar}] {done}/{wanted} drafts, {speed:.0f} tokens/s"
    print(line, end=end, file=terminal, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
