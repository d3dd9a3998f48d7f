"""Both ends of a module of ours that runs in another environment's Python; standard library only."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from overture import errors
from overture.errors import OvertureError
from overture.settings import PACKAGE

LOG = logging.getLogger("overture.progress")
"""Lines that a person follows. Airflow shows them in a task's log; what a task writes to standard error is an error."""

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "VLLM_", "OMP_", "KMP_")


def worker_environment() -> dict[str, str]:
    """Return what such a module finds in its environment: what it needs of ours, and where our package lies."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return kept | {"PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def run_to_end(
    python: Path, module: str, arguments: Sequence[str], *, stderr: int | None = None
) -> tuple[int, list[str]]:
    """Run `python -m module`; return how it ended, below 0 by a signal, and the lines of its standard output.

    Its progress shows on our standard error, or is logged where somebody reads logs instead, unless `stderr` says
    otherwise. Where it watches its standard input (`end_with_input`), it ends with us, even when we are killed: we hold
    the other end.
    """
    if stderr is None and LOG.isEnabledFor(logging.INFO) and not sys.stderr.isatty():
        stderr = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own module, arguments as a list
        [python, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=worker_environment(),
    ) as process:
        teller = threading.Thread(target=_log, args=[process.stderr or ()], daemon=True)
        try:
            teller.start()
            said = process.stdout.read().decode(errors="replace").strip() if process.stdout else ""
            code = process.wait()
            teller.join()
            return code, said.splitlines()
        except BaseException:
            process.kill()
            raise


def _log(lines: Iterable[bytes]) -> None:
    for line in lines:
        LOG.info("%s", line.decode(errors="replace").rstrip())


def error_of(lines: Sequence[str]) -> OvertureError | None:
    """Return the error of ours that the last line names; None where it names none."""
    name, _, message = (lines[-1] if lines else "").partition(": ")
    kind = getattr(errors, name, None)
    return kind(message) if isinstance(kind, type) and issubclass(kind, OvertureError) else None


def end_with_input() -> None:
    """End this process at once when standard input closes; never returns before that."""
    # The parent holds the other end. It closes when the parent ends, even by `kill -9`. Read below Python's own buffer:
    # a thread that waits inside it makes the interpreter abort when it ends.
    while os.read(0, 4096):
        pass
    os._exit(1)


def exit_code_of(work: Callable[[], None]) -> int:
    """Do the work; return 0, or an error's exit code after its one line on standard output, for `error_of`."""
    try:
        work()
    except OvertureError as error:
        print(f"{type(error).__name__}: {error}")
        return error.exit_code
    except Exception as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0])
        return 1
    return 0
