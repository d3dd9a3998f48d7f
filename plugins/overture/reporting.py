"""The day's report: one page that says what was published, what each gate saw and what it cost."""

import os
from contextlib import suppress
from pathlib import Path

from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.report_reads import read_sections
from overture.errors import HomeError
from overture.presentation import as_markdown, plain
from overture.run import Run
from overture.settings import Settings


def report_path(settings: Settings, day: object) -> Path:
    """Return where the report of a day lies."""
    return settings.reports / str(day) / "report.md"


def write_report(run: Run, warehouse: Warehouse) -> Path:
    """Write the report of a published day, whole or not at all; raise HomeError when it cannot be written."""
    page = [f"# {run.day}", "", f"Published by {plain(run.run_id)}."]
    for title, rows in read_sections(warehouse, run.day).items():
        page += ["", f"## {title}", "", as_markdown(rows) if rows.num_rows else "None."]
    path = report_path(run.settings, run.day)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text("\n".join(page) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise HomeError(
            "the report cannot be written",
            where=path,
            expected="a writable folder with free space",
            got=error.strerror,
        ) from error
    return path
