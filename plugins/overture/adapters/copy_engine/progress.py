"""How far the drafts are: a bar where a person watches, a line now and then in a log."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

SECONDS_BETWEEN_LINES = 5.0
"""In a log; a night's drafts are finished hundreds of times an hour."""


class DraftProgress:
    """Tells how many drafts there are of those wanted, how fast they are made, and how long the rest will take."""

    def __init__(self, terminal: TextIO, wanted: int, seconds: Callable[[], float] = time.monotonic) -> None:
        """Write to `terminal`; `seconds` is a clock that never goes back."""
        self._console = Console(file=terminal, highlight=False, soft_wrap=True)
        bar = (TextColumn("write_copy"), BarColumn(30), MofNCompleteColumn(), TextColumn("drafts, {task.fields[told]}"))
        self._bar = Progress(*bar, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("", total=wanted, told="")
        self._wanted, self._seconds = wanted, seconds
        self._begun = self._said = seconds()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def show(self, done: int, made: int, tokens: int) -> None:
        """Show that `done` drafts are there, of which this process has made some, with so many tokens."""
        now = self._seconds()
        told = speeds(self._wanted - done, made, tokens, now - self._begun)
        self._bar.update(self._task, completed=done, told=told)
        if not self._console.is_terminal and (done == self._wanted or now - self._said >= SECONDS_BETWEEN_LINES):
            self._said = now
            self.say(f"{done}/{self._wanted} drafts, {told}")

    def say(self, line: str) -> None:
        """Write a line, above the bar where there is one."""
        self._console.print(f"write_copy: {line}", markup=False)


def speeds(left: int, made: int, tokens: int, seconds: float) -> str:
    """Return drafts and tokens a second, and the minutes that the drafts that are left will take.

    >>> speeds(left=90, made=30, tokens=1500, seconds=10.0)
    '3.0 drafts/s, 150 tokens/s, 0:30 left'
    >>> speeds(left=0, made=30, tokens=1500, seconds=10.0)
    '3.0 drafts/s, 150 tokens/s'
    """
    told = f"{made / seconds:.1f} drafts/s, {tokens / seconds:.0f} tokens/s"
    minutes, rest = divmod(round(left * seconds / made), 60) if made else (0, 0)
    return f"{told}, {minutes}:{rest:02d} left" if left and made else told
