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

from overture.adapters.copy_engine.exchange import CopyRequest, Job, RawDraft, read_job, say_over_budget
from overture.adapters.copy_engine.leases import leases_in
from overture.adapters.copy_engine.memory import BATCHES_BEGIN, memory_named
from overture.adapters.copy_engine.model_folder import require_context
from overture.adapters.copy_engine.processors import free_threads
from overture.adapters.copy_engine.progress import DraftProgress
from overture.adapters.copy_engine.work import Work
from overture.adapters.worker_process import end_with_input, exit_code_of
from overture.errors import CopyEngineError, EngineMemoryError

WAIT_SECONDS = 0.2
"""Between two looks at what other workers have finished."""


class Engine(Protocol):
    """Whatever turns requests into one draft each, many of them at a time."""

    def begin(self, requests: Sequence[CopyRequest]) -> None:
        """Take requests in hand, beside those that it works on already."""

    def finished(self) -> list[RawDraft]:
        """Work on until drafts are finished, and return those; none where nothing is in hand."""


def main(arguments: Sequence[str]) -> int:
    """Generate the drafts of a job that the folder does not hold yet; return 0, or an error's exit code.

    Progress goes to standard error; an error's one line goes to standard output, for the process that started this.
    What the engine's libraries say goes to `engine.log` beside the job.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", type=Path, required=True, help="requests, as JSON lines")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards, shared with other workers")
    parser.add_argument("--batch-size", type=int, help="fewer requests at once than the job says")
    parser.add_argument("--part", type=int, default=0, help="begin with this part of the requests, from 0 ...")
    parser.add_argument("--parts", type=int, default=1, help="... of so many, then go on with what others left")
    parser.add_argument("--end-with-input", action="store_true", help="end as soon as standard input closes")
    options = parser.parse_args(arguments)
    if options.end_with_input:
        threading.Thread(target=end_with_input, daemon=True).start()

    def work() -> None:
        with noise_to(options.job.parent / "engine.log") as terminal:
            job = read_job(options.job)
            size = options.batch_size or job.options.batch_size
            begin = len(job.requests) * options.part // options.parts
            requests = job.requests[begin:] + job.requests[:begin]
            job = replace(job, options=replace(job.options, batch_size=size), requests=requests)
            left = generate_missing(job, options.out, terminal)
            if left:
                say_over_budget(options.job, job.label, left)

    return exit_code_of(work)


def generate_missing(job: Job, folder: Path, terminal: TextIO) -> int:
    """Generate what no finished shard holds; start no engine for nothing.

    The engine is given new requests while it still works on others, so that it never runs empty between batches; at
    most a batch is in hand or finished and not stored yet. What another worker is making is left to it, and made here
    should that one end without it. Returns how many drafts the budget left undone. Raises EngineMemoryError when memory
    runs out at work: the engine is then in no known state, and a new process may try a smaller batch. Raises
    CopyEngineError, which says what to do, when it runs out before.
    """
    begun, wanted, engine = time.monotonic(), len(job.requests), None
    with leases_in(folder) as leases, DraftProgress(terminal, wanted) as progress:
        work = Work(job, folder, leases)
        while work.pending:
            is_spent = job.budget.is_spent(work.tokens, time.monotonic() - begun)
            if is_spent and not work.in_hand:
                return _over_budget(work, progress)
            asked = [] if is_spent else work.next_requests()
            if not work.in_hand:
                time.sleep(WAIT_SECONDS)
                continue
            engine = engine or _started(job, progress)
            with memory_named(EngineMemoryError, "no memory for a batch", f"a batch of {len(work.in_hand)}"):
                engine.begin(asked)
                drafts = engine.finished()
            if work.finish(drafts):
                progress.show(wanted - len(work.pending), work.drafts_here, work.tokens_here)
        if work.given_up:
            progress.say(f"the engine failed on {work.given_up} drafts, which are not made")
    return 0


def _started(job: Job, progress: DraftProgress) -> Engine:
    with memory_named(CopyEngineError, "no memory to start the copy engine", job.options.name):
        engine = _open_engine(job, progress)
    print(BATCHES_BEGIN, flush=True)
    return engine


def _over_budget(work: Work, progress: DraftProgress) -> int:
    left = len(work.pending)
    progress.say(f"the budget is spent after {work.tokens} tokens; {left} drafts are left")
    return left


def _open_engine(job: Job, progress: DraftProgress) -> Engine:
    if job.options.model.startswith(("http://", "https://")):
        from overture.adapters.copy_engine.served_engine import ServedEngine

        return ServedEngine(job.options, job.sampling)
    require_context(Path(job.options.model), job.options.context_tokens)
    threads = free_threads(job.options.most_threads)
    progress.say(f"starting vLLM with {job.options.name}, {threads} threads")
    from overture.adapters.copy_engine.vllm_engine import VllmEngine, quiet_environment

    os.environ.update(quiet_environment(job.options, threads))
    return VllmEngine(job.options, job.sampling, threads)


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
