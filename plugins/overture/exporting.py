"""Export: a day of a published table as a file for another system, with a manifest beside it that says what it is."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from overture.adapters.artifacts import write_text
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.export_reads import COPY_OPTIONS, Exported, export_day
from overture.configuration import load_config
from overture.errors import HomeError, UsageError
from overture.settings import Settings

SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True)
class Order:
    """What is to be exported, and where to. to: a file, or a folder, where the file is called TABLE_DAY.FORMAT.

    form: csv, parquet or jsonl; None reads it from the file's name, else csv. is_raw: CSV cells stay as they are,
    also those that a spreadsheet would run as a formula. is_forced: a file that is there already is replaced.
    """

    table: str
    day: date
    to: Path
    form: str | None = None
    is_raw: bool = False
    is_forced: bool = False

    @property
    def format(self) -> str:
        """The format of the file; raise UsageError for one that is none."""
        form = self.form or SUFFIXES.get(self.to.suffix.lower(), "csv")
        if form not in COPY_OPTIONS:
            raise UsageError("no such format", where="--format", expected=", ".join(COPY_OPTIONS), got=form)
        return form

    @property
    def file(self) -> Path:
        """The file that is written."""
        to = self.to.expanduser().absolute()
        return to / f"{self.table}_{self.day}.{self.format}" if to.is_dir() else to


def export(settings: Settings, order: Order) -> tuple[Path, Exported]:
    """Write a day of a published table to a file, whole or not at all; return the file and what it holds.

    A message leaves only if it still may: judged by the newest published day of the lake (its audience, item facts and
    feedback; no clock is asked), its reader is known and has consent, has not excluded or reported the item, the item
    is available and not suppressed by config/ranking.toml, a price that the message states is the item's price still,
    and no recall in force touches it. The first of these that fails is counted as the reason of the drop.

    The manifest (FILE.json: rows, drops by reason, run, snapshot, sha256) is written after the file; a file without one
    is not finished. Raises UsageError for a table or day that is not published and for a file that is there already,
    HomeError for a folder that cannot be written.
    """
    if order.table not in contracts():
        raise UsageError("no such table", where="--table", expected=", ".join(sorted(contracts())), got=order.table)
    file, form = order.file, order.format
    if not file.parent.is_dir():
        raise UsageError("no such folder", where="--to", expected="a folder that is there", got=file.parent)
    if file.exists() and not order.is_forced:
        raise UsageError("the file is there already", where=file, expected="another name, or --force", got="a file")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    is_escaped = form == "csv" and not order.is_raw
    try:
        with open_warehouse(settings, read_only=True, folder=file.parent) as warehouse:
            rules = load_config("ranking")
            done = export_day(warehouse, order.table, order.day, rules, (unfinished, form, is_escaped))
        digest = _sha256(unfinished)
        manifest(file).unlink(missing_ok=True)
        unfinished.replace(file)
        stated = {"file": file.name, "table": order.table, "data_day": str(order.day), "format": form, "sha256": digest}
        told = stated | {name: str(value) if isinstance(value, date) else value for name, value in asdict(done).items()}
        write_text(manifest(file), json.dumps(told, indent=2) + "\n")
    except OSError as error:
        raise HomeError("the file cannot be written", where=file, expected="a writable folder", got=error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return file, done


def manifest(file: Path) -> Path:
    """Return where the manifest of an exported file lies."""
    return file.with_name(f"{file.name}.json")


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
