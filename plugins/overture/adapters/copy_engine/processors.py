"""What this machine offers a small model: a GPU, or how many processors are free now."""

import os
import time
from pathlib import Path

DEVICES = Path("/dev")

ROUNDING = 0.3
"""A processor that is mostly idle counts as free from 0.7 on."""


def free_threads(most: int, *, seconds: float = 1.0) -> int:
    """Return how many threads the processors that this process may use would serve now: 1 to `most`.

    Watches the machine for `seconds`. Where the system does not tell how busy it is, every processor counts as free.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    usable = min(usable, _quota() or usable, most)
    if usable == 1:
        return 1
    before = _idle_seconds()
    time.sleep(seconds)
    after = _idle_seconds()
    free = float(usable) if before is None or after is None else (after - before) / seconds
    return max(1, min(int(free + ROUNDING), usable))


def accelerator(devices: Path = DEVICES) -> str | None:
    """Return `cuda` where this machine has an NVIDIA GPU that this process may use, else None; no library is asked."""
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return "cuda" if any(devices.glob("nvidia[0-9]*")) and not is_hidden else None


def _idle_seconds() -> float | None:
    # The fourth and fifth numbers of the first line: ticks spent idle and waiting for the disk, over all processors.
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
        return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _quota() -> int | None:
    # A container's share: "200000 100000" is two processors, "max 100000" all of them.
    try:
        share, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if share == "max" else max(1, int(share) // int(period))
    except (OSError, ValueError):
        return None
