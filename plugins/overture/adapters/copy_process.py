"""Runs a module of ours in the copy environment's Python, which has the heavy libraries that this one lacks."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from overture import errors
from overture.errors import CopyEngineError, OvertureError
from overture.settings import PACKAGE

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "VLLM_", "OMP_", "KMP_")


def run_module(python: Path, module: str, arguments: Sequence[str], *, stderr: int | None = None) -> None:
    """Run `python -m module` to its end; its progress shows on our standard error unless `stderr` says otherwise.

    Where it watches its standard input, it ends with us, even when we are killed: we hold the other end. Raises the
    error of ours that its last line of standard output names, CopyEngineError for any other failure.
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
    if code:
        raise _error_of(said.splitlines()[-1] if said else f"exit status {code}", module)


def _error_of(line: str, module: str) -> OvertureError:
    name, _, message = line.partition(": ")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, OvertureError):
        return kind(message)
    return CopyEngineError("the copy environment failed", where=module, got=line)
