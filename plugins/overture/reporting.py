"""The day's report: one page that says what was published, what each gate saw and what it cost."""

import os
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa

from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_cost_reads import read_copy_cost
from overture.adapters.warehouse.report_reads import read_sections
from overture.configuration import load_config
from overture.core.copy_cost import cost_per_thousand
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
    sections = read_sections(warehouse, run.day) | {"What the messages cost": copy_cost(warehouse, run.day)}
    for title, rows in sections.items():
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


def copy_cost(warehouse: Warehouse, day: date) -> pa.Table:
    """Return one row on what the day's messages took: tokens, seconds, messages a second, and the price of 1,000.

    The seconds are those of all steps that write and judge messages, an engine's start included. No price is said where
    none is configured (`[cost]` in `config/copy.toml`).
    """
    taken, price = read_copy_cost(warehouse, day), load_config("copy")["cost"]
    if taken is None:
        return pa.table({})
    per_thousand = cost_per_thousand(taken.seconds, taken.messages, price["price_per_hour"])
    row = {
        "messages": taken.messages,
        "seconds": round(taken.seconds, 1),
        "messages per second": round(taken.messages / taken.seconds, 2) if taken.seconds else None,
        "tokens read": taken.tokens_in,
        "tokens written": taken.tokens_out,
        "drafts made": taken.drafts_made,
        "cost per 1,000": "no price is set" if per_thousand is None else f"{per_thousand:.4f} {price['currency']}",
    }
    return pa.Table.from_pylist([row])
