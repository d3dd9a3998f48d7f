"""What killed processes leave in the home outside the lake, told from what is still in use by its age."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from overture.settings import Settings


@dataclass(frozen=True)
class Removal:
    """How many files (or folders, each counted as one) were taken away, and their bytes."""

    count: int
    size: int


def unfinished_files(settings: Settings, before: datetime) -> list[Path]:
    """Return what writers that never ended have left: files and folders in which nothing was written since `before`.

    Every writer of the home writes beside the name that it means to take, under one that begins with a dot or ends
    with its process id, and renames; scratch is nobody's after its process.
    """
    found = [
        *settings.artifacts.glob("*/.*"),
        # The turn of a search has one dot; it stays.
        *settings.artifacts.glob("tuning/*/.*.*"),
        *settings.artifacts.glob("copy_tuning/*/*/.*.[0-9]*"),
        *settings.scratch.glob("*"),
        *settings.landing.glob(".*.partial"),
        *settings.models.glob(".*.[0-9]*"),
        *settings.copy.glob("*/.*"),
        *settings.reports.glob("**/.*"),
        *settings.airflow.glob(".*.[0-9]*"),
    ]
    return sorted(path for path in found if _last_written(path) < before.timestamp())


def old_exchanges(settings: Settings, before: datetime) -> list[Path]:
    """Return the days' folders of requests and shards in which nothing was written since `before`."""
    folders = (path for path in settings.copy.glob("*") if path.is_dir() and not path.is_symlink())
    return sorted(path for path in folders if _last_written(path) < before.timestamp())


def remove(paths: Iterable[Path], *, dry_run: bool = False) -> Removal:
    """Take files and whole folders away and return what that was; with `dry_run`, only return it.

    Links are taken away themselves, never what they name. What is gone already counts for nothing.
    """
    count = size = 0
    for path in paths:
        if not path.exists() and not path.is_symlink():
            continue
        count, size = count + 1, size + sum(_size(each) for each in _all_below(path))
        if dry_run:
            continue
        with suppress(FileNotFoundError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return Removal(count, size)


def _all_below(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        yield from path.rglob("*")


def _last_written(path: Path) -> float:
    """Return when anything in `path` was last written, in seconds of the epoch; what vanishes meanwhile is as new."""
    try:
        return max(each.lstat().st_mtime for each in _all_below(path))
    except FileNotFoundError:
        return float("inf")


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        status = path.lstat()
        return 0 if path.is_dir() and not path.is_symlink() else status.st_size
    return 0
