"""Runs a module of ours in the copy environment's Python, which has the heavy libraries that this one lacks."""

import logging
import signal
from collections.abc import Sequence
from pathlib import Path

from overture.adapters.copy_engine.exchange import WHOLE, Part, read_job, read_shards
from overture.adapters.copy_engine.memory import ADVICE, BATCHES_BEGIN
from overture.adapters.worker_process import error_of, run_to_end
from overture.errors import CopyEngineError, EngineMemoryError

LOG = logging.getLogger("overture.copy")

WORKER = "overture.adapters.copy_engine.generate"
DEATHS = {signal.SIGKILL, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV}
"""How a process may end for want of memory: by the kernel, or by native code that does not ask whether it got any."""


def generate_drafts(python: Path, job_file: Path, folder: Path, part: Part = WHOLE) -> None:
    """Generate the drafts of a job that `folder` does not hold yet, as shards there, beginning with a part of them.

    A batch that memory does not suffice for is tried again in half of its size, down to one request, each time by a new
    process, for the memory of one that failed may be in any state. Finished shards stay. Raises CopyEngineError, which
    says what to do, when one request is too many, and what `run_module` raises.
    """
    job = read_job(job_file)
    size = job.options.batch_size
    chosen = ["--part", str(part.number), "--parts", str(part.of), "--end-with-input"]
    while True:
        arguments = ["--job", str(job_file), "--out", str(folder), "--batch-size", str(size), *chosen]
        try:
            return run_module(python, WORKER, arguments)
        except EngineMemoryError as error:
            stored = read_shards(folder)
            size = min(size, sum(request.draft_id not in stored for request in job.requests))
            if size <= 1:
                raise CopyEngineError(
                    "no memory for a single draft", where=job.options.name, expected=ADVICE, got=error
                ) from error
            size //= 2
            LOG.warning("write_copy: %s; going on in batches of %d", error, size)


def run_module(python: Path, module: str, arguments: Sequence[str], *, stderr: int | None = None) -> None:
    """Run `python -m module` to its end; its progress shows on our standard error unless `stderr` says otherwise.

    Where it watches its standard input, it ends with us, even when we are killed: we hold the other end. Raises the
    error of ours that its last line of standard output names, EngineMemoryError when it dies in a batch as for want of
    memory, CopyEngineError for any other failure.
    """
    if not python.is_file():
        raise CopyEngineError("no copy environment", where=python, expected="a Python interpreter", got="nothing there")
    code, said = run_to_end(python, module, arguments, stderr=stderr)
    if code < 0:
        raise _death(signal.Signals(-code), said, module)
    if code:
        got = said[-1] if said else f"exit status {code}"
        raise error_of(said) or CopyEngineError("the copy environment failed", where=module, got=got)


def _death(by: signal.Signals, said: Sequence[str], module: str) -> CopyEngineError:
    if by in DEATHS and BATCHES_BEGIN in said:
        return EngineMemoryError("the copy engine died in a batch, as it does without memory", got=by.name)
    return CopyEngineError("the copy environment was ended", where=module, expected=ADVICE, got=by.name)
