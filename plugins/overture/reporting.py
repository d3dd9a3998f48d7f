"""The day's report: one page that says what came in, what was learned, recommended, written and paid, and an index."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa

from overture import day_metrics, day_page
from overture.adapters.artifacts import factors_folder, load_factors, write_text
from overture.adapters.sources import load_source
from overture.adapters.transform import build_docs
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_cost_reads import read_copy_cost
from overture.adapters.warehouse.locks import write_lock
from overture.adapters.warehouse.report_reads import read_day, read_days, read_verdicts, withdrawn_messages
from overture.configuration import load_config
from overture.core.copy_cost import cost_per_thousand
from overture.core.factors import Factors
from overture.errors import ArtifactError
from overture.pages.document import data_docs_style, render
from overture.pages.metrics import as_text
from overture.quality import data_docs
from overture.run import Run
from overture.settings import Settings

NAME = "index.html"
DATA_DOCS = "data_docs"
DBT_DOCS = "dbt_docs.html"
METRICS = "metrics.prom"
"""A day's figures beside its page; those of the newest day beside the index, where a collector finds them."""


def report_path(settings: Settings, day: object) -> Path:
    """Return where the report of a day lies."""
    return settings.reports / str(day) / NAME


def index_path(settings: Settings) -> Path:
    """Return where the page over all days lies."""
    return settings.reports / NAME


def write_report(run: Run, warehouse: Warehouse) -> Path:
    """Write the report of a published day and the index over days; return the report's path.

    Raises HomeError when one cannot be written. Either is replaced whole: who opens it sees the former one or this.
    """
    path = write_day(run.settings, warehouse, run.day)
    write_index(run.settings, warehouse)
    return path


def write_documentation(run: Run, warehouse: Warehouse) -> None:
    """Write the pages of Great Expectations and of dbt for the day, as far as config/report.toml asks for them."""
    wanted, folder = load_config("report")["documentation"], report_path(run.settings, run.day).parent
    if wanted["data_docs"]:
        of_suite: dict[str, list[dict[str, object]]] = defaultdict(list)
        for row in read_verdicts(warehouse, run.day).to_pylist():
            of_suite[row["suite"]].append(row)
        for name, verdicts in of_suite.items():
            page = data_docs.page(name, verdicts, run.day.isoformat(), run.run_id)
            if page is not None:
                write_text(folder / DATA_DOCS / f"{name}.html", page)
        write_text(folder / DATA_DOCS / data_docs.STYLE, data_docs_style())
    if wanted["dbt_docs"]:
        source = load_source(run.settings.source)
        stated = {"currency": source.currency, "event_weights": dict(source.event_weights)}
        write_text(folder / DBT_DOCS, build_docs(run.settings, run.day, stated))


def write_day(settings: Settings, warehouse: Warehouse, day: date) -> Path:
    """Write the page of one day from what is published of it, and its figures for Prometheus; return the page's path.

    A message that is recalled while the page is made is not on it: it is made again then.
    """
    path = report_path(settings, day)
    limits = load_config("report")
    while True:
        reads = read_day(warehouse, day, limits)
        factors = _factors(settings, day)
        pictures = day_page.pictures_of(reads, factors, limits)
        drawn = [chart for charts in pictures.values() for chart in charts]
        numbered, first = {}, 0
        for section, charts in pictures.items():
            numbered[section] = list(enumerate(charts, first))
            first += len(charts)
        values = day_page.values_of(day, reads) | {
            "pictures": numbered,
            "map_missing": None if factors else "The factors of this day are not kept, so there is no map of items.",
            "copy_cost": copy_cost(warehouse, day).to_pylist() if warehouse.columns("marts.run_costs") else None,
            "links": _links(path.parent),
        }
        write_text(path.with_name(METRICS), as_text(day_metrics.figures_of(day, reads)))
        write_text(path, render("day.html.j2", values, drawn))
        if withdrawn_messages(warehouse, day) == reads.withdrawn:
            return path


def rewrite_days(settings: Settings, warehouse: Warehouse, days: Iterable[date]) -> None:
    """Write the pages of these days again, where they have one, and the index: what they show was withdrawn."""
    for day in days:
        if report_path(settings, day).exists():
            write_day(settings, warehouse, day)
    if index_path(settings).exists():
        write_index(settings, warehouse)


def write_index(settings: Settings, warehouse: Warehouse) -> Path:
    """Write the page over all published days, and the newest one's figures; return the page's path.

    Those of two days that end at once take turns.
    """
    path = index_path(settings)
    with write_lock(warehouse.catalog.lake, "index of reports"):
        days = read_days(warehouse).to_pylist()
        for row in days:
            row["href"] = f"{row['data_day']}/{NAME}" if report_path(settings, row["data_day"]).exists() else None
        write_text(path, render("days.html.j2", {"days": days}))
        newest = path.with_name(str(days[0]["data_day"])) / METRICS if days else None
        if newest is not None and newest.exists():
            write_text(path.with_name(METRICS), newest.read_text(encoding="utf-8"))
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


def _factors(settings: Settings, day: date) -> Factors | None:
    with suppress(ArtifactError):
        return load_factors(factors_folder(settings, day))[0]
    return None


def _links(folder: Path) -> list[dict[str, str]]:
    """Return what lies beside the page, to be linked."""
    found = []
    if (folder / DBT_DOCS).exists():
        found.append({"href": DBT_DOCS, "name": "dbt docs", "about": "every model, column and test, and their lineage"})
    for path in sorted((folder / DATA_DOCS).glob("*.html")):
        href = f"{DATA_DOCS}/{path.name}"
        found.append(
            {"href": href, "name": f"data docs, {path.stem}", "about": "the gate as Great Expectations shows it"}
        )
    return found
