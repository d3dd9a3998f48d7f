"""Days made at once without Airflow: several processes over one home, every wait for its lock noted."""

import logging
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from prove.line import Child, Line

USERS = 6
"""Messages a day."""

LOCKS = logging.getLogger("overture.locks")
WAITED = re.compile(r"waited ([0-9.]+) s for the write lock")
RETRIED = re.compile(r"a commit met another writer's: attempt")


@dataclass(frozen=True)
class Waits:
    """How long writers waited for the lock, in seconds, and how often a commit was tried again."""

    seconds: Sequence[float]
    retries: int

    @classmethod
    def read(cls, logs: Iterable[Path]) -> "Waits":
        """Collect them from logs, whatever else stands there."""
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in logs]
        seconds = sorted(float(found) for text in texts for found in WAITED.findall(text))
        return cls(seconds, sum(len(RETRIED.findall(text)) for text in texts))

    def __str__(self) -> str:
        if not self.seconds:
            return "no lock was waited for"
        p50, p95 = (self.seconds[int(share * (len(self.seconds) - 1))] for share in (0.5, 0.95))
        turns = f"{len(self.seconds)} turns, waits p50 {p50:.3f} p95 {p95:.3f} max {self.seconds[-1]:.3f} s"
        return f"{turns}, {self.retries} retried commits"


def start_days(line: Line, days: Sequence[date], processes: int) -> list[Child]:
    """Let as many processes make the days at once, each one every so many days.

    Every process logs its lock waits into a file `locks-*.log` of the home.
    """
    shares = [days[number::processes] for number in range(processes)]
    return [line.start(lambda share=share: _make(line, share)) for share in shares]  # type: ignore[misc]


def make_days(line: Line, days: Sequence[date], processes: int) -> list[str]:
    """Start the days, wait for them, and return what went wrong."""
    return failures_of(start_days(line, days, processes))


def failures_of(children: Sequence[Child]) -> list[str]:
    """Wait for all; return what went wrong with each that did not do its work."""
    outcomes = [child.wait() for child in children]
    return [str(outcome.error or "killed") for outcome in outcomes if outcome.error or outcome.was_killed]


def lock_logs(line: Line) -> list[Path]:
    """Return the files that `make_days` and its children wrote."""
    return sorted(line.settings.home.glob("locks-*.log"))


def _make(line: Line, days: Sequence[date]) -> None:
    from overture import steps

    LOCKS.setLevel(logging.DEBUG)
    LOCKS.addHandler(logging.FileHandler(line.settings.home / f"locks-{os.getpid()}.log"))
    for day in days:
        print(day, file=sys.stderr)
        steps.run_day(line.settings, day, line.users)
