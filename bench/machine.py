"""What a benchmark says beside its figures: the machine, CPU seconds, and how something grows."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import psutil

Made = TypeVar("Made")


def machine() -> str:
    """Return cores, processor, memory and how busy all of it is: a busy machine shares its cache and its clock."""
    names = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    processor = names[0].partition(":")[2].strip() if names else "an unnamed processor"
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores of {processor}, {memory:.0f} GB, load {os.getloadavg()[0]:.1f}"


@dataclass(frozen=True)
class Timed(Generic[Made]):
    """What a piece of work made, with its seconds on the clock, and of CPU in all threads of this process."""

    made: Made
    wall: float
    cpu: float


def timed(work: Callable[[], Made]) -> Timed[Made]:
    """Do the work and measure it."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return Timed(made, time.perf_counter() - wall, time.process_time() - cpu)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the b of values that grow with size ** b: the least squares slope of the logarithms.

    >>> round(exponent([1, 2, 4], [5, 10, 20]), 3)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
