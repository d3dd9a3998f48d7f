"""Who watches the steps of a run that goes on in this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Watcher:
    """Hears of every step's start and end; this one says nothing."""

    def started(self, step: str) -> None:
        """Hear that a step begins."""

    def finished(self, step: str, seconds: float) -> None:
        """Hear that a step is done, and how long it took."""

    def failed(self, step: str, seconds: float, error: Exception) -> None:
        """Hear that a step raised `error`; Airflow may try it again."""


_watchers: list[Watcher] = [Watcher()]


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Let `watcher` hear of the steps while the block runs."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def watched(step: str) -> Iterator[None]:
    """Tell the newest watcher about the step that the block does."""
    watcher, begin = _watchers[-1], time.monotonic()
    watcher.started(step)
    try:
        yield
    except Exception as error:
        watcher.failed(step, time.monotonic() - begin, error)
        raise
    watcher.finished(step, time.monotonic() - begin)
