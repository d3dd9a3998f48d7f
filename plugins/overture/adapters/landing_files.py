"""Finds a source's files of some days, with what they are: day, name, sha256."""

import glob
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from overture.adapters.sources import EntitySource, Source
from overture.errors import MissingFileError, SchemaError

Fetch = Callable[[str], list[tuple[str, Path]]]
"""Takes a URL; gives each file behind it as its address and a local copy."""


@dataclass(frozen=True)
class LandingFile:
    """One file of a shop's drop.

    position: its place in the order of days and names, from 0.
    label: how it is named in the warehouse: below the drop's folder where it lies there, else its whole address.
    path: where it is read from. sha256: of its bytes, hex. size, modified_ns: as they were when it was hashed.
    """

    position: int
    data_day: date
    label: str
    path: Path
    sha256: str
    size: int
    modified_ns: int

    def require_unchanged(self) -> None:
        """Raise SchemaError when the file is not the one that was hashed any more."""
        now = self.path.stat() if self.path.exists() else None
        if now is None or (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
            raise SchemaError("a landing file changed while it was read", where=self.path, expected=self.sha256)


def find_files(
    source: Source, entity: EntitySource, folder: Path, days: Sequence[date], fetch: Fetch
) -> list[LandingFile]:
    """Return an entity's files of `days`, in the order of days and names; `folder` is what relative paths start at.

    Raises MissingFileError, which names the path looked for, for a day without a file.
    """
    found: list[LandingFile] = []
    for day in days:
        named = _named(entity.address(day), folder, fetch)
        if not named and not entity.may_be_absent:
            raise MissingFileError(
                "a landing file is missing",
                where=f"{source.name}, {entity.entity.name} of {day}",
                expected=_looked_for(entity.address(day), folder),
                got="no such file",
            )
        for label, path in sorted(named):
            found.append(_described(len(found), day, label, path))
    return found


def _looked_for(address: str, folder: Path) -> str:
    return address if "://" in address else str(folder / address)


def _named(address: str, folder: Path, fetch: Fetch) -> list[tuple[str, Path]]:
    if "://" in address:
        return fetch(address)
    if Path(address).is_absolute():
        return [(path, Path(path)) for path in glob.glob(address) if Path(path).is_file()]  # noqa: PTH207 - absolute
    return [(path.relative_to(folder).as_posix(), path) for path in folder.glob(address) if path.is_file()]


def _described(position: int, day: date, label: str, path: Path) -> LandingFile:
    try:
        before = path.stat()
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise MissingFileError("unreadable landing file", where=path, expected="a file", got=error.strerror) from error
    return LandingFile(position, day, label, path, sha256, before.st_size, before.st_mtime_ns)
