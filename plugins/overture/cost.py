"""Measures what a piece of work costs this process: wall seconds and peak memory."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Measured:
    """Filled when the measured block ends: wall seconds, peak resident megabytes (2**20 bytes)."""

    seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Measured]:
    """Measure the block; the peak is the greater of this process's and that of a child which ended within it."""
    result = Measured()
    children_before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    _reset_peak()
    start = time.perf_counter()
    try:
        yield result
    finally:
        result.seconds = time.perf_counter() - start
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        result.peak_mb = max(_peak_kb(), children if children > children_before else 0) / 1024


def _reset_peak() -> None:
    # Linux forgets a process's peak when 5 is written there; elsewhere the peak since the process began is reported.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_kb() -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
