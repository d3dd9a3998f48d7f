"""Which drafts are being made at this moment, so that workers who share a folder never make one twice.

Standard library only. The kernel frees what a worker holds, however it ends; the folder must be on a file system on
which `flock` holds among all workers.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from overture.adapters.turns import turn

ENDING, TURN = ".making", "leases.turn"


class Leases:
    """One worker's part: a file of its own, locked while it lives, that names the drafts of its batch.

    name: unlike that of any other worker, and greater than those of workers that began earlier.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self._folder, self._path = name, folder, folder / f"{name}{ENDING}"
        # In a turn, or another worker could find the file before it is locked and take this worker for dead.
        with turn(folder / TURN):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def take(self, choose: Callable[[frozenset[str]], Sequence[str]]) -> None:
        """Lease what `choose` returns, in place of what was leased before; one worker at a time.

        It is told what other living workers are making.
        """
        with turn(self._folder / TURN):
            chosen = choose(frozenset(self._of_others()))
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, "\n".join(chosen).encode(), 0)

    def close(self) -> None:
        """End this worker's part."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _of_others(self) -> Iterator[str]:
        for path in self._folder.glob(f"*{ENDING}"):
            if path == self._path:
                continue
            with suppress(FileNotFoundError), path.open("r+", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    yield from file.read().splitlines()
                else:
                    # Its worker is dead; what it was making is nobody's.
                    path.unlink(missing_ok=True)


@contextmanager
def leases_in(folder: Path) -> Iterator[Leases]:
    """Give a new worker's part in the folder while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    held = Leases(folder, worker_name())
    try:
        yield held
    finally:
        held.close()


def worker_name() -> str:
    """Return a name for a worker that begins now in this process."""
    return f"{time.time_ns():016x}-{os.getpid()}"


@contextmanager
def nothing_removed_from(folder: Path) -> Iterator[None]:
    """Keep finished shards where they are while the block runs; any number of processes may ask for that at once."""
    with _held(folder, fcntl.LOCK_SH):
        yield


def may_remove_from(folder: Path) -> bool:
    """Say whether nobody needs the finished shards of the folder at this moment."""
    try:
        with _held(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False


@contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "shards.turn", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
