"""Runs a module of ours in the copy environment's Python, which has the heavy libraries that this one lacks."""

import logging
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from overture import errors
from overture.adapters.copy_engine.exchange import read_job, read_shards
from overture.adapters.copy_engine.memory import ADVICE, BATCHES_BEGIN
from overture.errors import CopyEngineError, EngineMemoryError, OvertureError
from overture.settings import PACKAGE

LOG = logging.getLogger("overture.copy")

WORKER = "overture.adapters.copy_engine.generate"
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "VLLM_", "OMP_", "KMP_")
DEATHS = {signal.SIGKILL, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV}
"""How a process may end for want of memory: by the kernel, or by native code that does not ask whether it got any."""


def generate_drafts(python: Path, job_file: Path, folder: Path) -> None:
    """Generate the drafts of a job that `folder` does not hold yet, as shards there.

    A batch that memory does not suffice for is tried again in half of its size, down to one request, each time by a new
    process, for the memory of one that failed may be in any state. Finished shards stay. Raises CopyEngineError, which
    says what to do, when one request is too many, and what `run_module` raises.
    """
    job = read_job(job_file)
    size = job.options.batch_size
    while True:
        arguments = ["--job", str(job_file), "--out", str(folder), "--batch-size", str(size), "--end-with-input"]
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
    environment = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith(KEPT_PREFIXES)}
    environment |= {"PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module, arguments as a list
        [python, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment,
    ) as process:
        try:
            said = process.stdout.read().decode(errors="replace").strip() if process.stdout else ""
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    if code < 0:
        raise _death(signal.Signals(-code), said, module)
    if code:
        raise _error_of(said.splitlines()[-1] if said else f"exit status {code}", module)


def _death(by: signal.Signals, said: str, module: str) -> CopyEngineError:
    if by in DEATHS and BATCHES_BEGIN in said.splitlines():
        return EngineMemoryError("the copy engine died in a batch, as it does without memory", got=by.name)
    return CopyEngineError("the copy environment was ended", where=module, expected=ADVICE, got=by.name)


def _error_of(line: str, module: str) -> OvertureError:
    name, _, message = line.partition(": ")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, OvertureError):
        return kind(message)
    return CopyEngineError("the copy environment failed", where=module, got=line)
