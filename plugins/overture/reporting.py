"""The day's report: one page that says what came in, what was learned, recommended, written and paid, and an index."""

from contextlib import suppress
from datetime import date
from pathlib import Path

from overture import day_page
from overture.adapters.artifacts import factors_folder, load_factors, write_text
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.locks import write_lock
from overture.adapters.warehouse.report_reads import read_day, read_days, withdrawn_messages
from overture.configuration import load_config
from overture.core.factors import Factors
from overture.errors import ArtifactError
from overture.pages.document import render
from overture.run import Run
from overture.settings import Settings

NAME = "index.html"


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


def write_day(settings: Settings, warehouse: Warehouse, day: date) -> Path:
    """Write the page of one day from what is published of it; return its path.

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
            "links": [],
        }
        write_text(path, render("day.html.j2", values, drawn))
        if withdrawn_messages(warehouse, day) == reads.withdrawn:
            return path


def write_index(settings: Settings, warehouse: Warehouse) -> Path:
    """Write the page over all published days; return its path. Those of two days that end at once take turns."""
    path = index_path(settings)
    with write_lock(warehouse.catalog.lake, "index of reports"):
        days = read_days(warehouse).to_pylist()
        for row in days:
            row["href"] = f"{row['data_day']}/{NAME}" if report_path(settings, row["data_day"]).exists() else None
        write_text(path, render("days.html.j2", {"days": days}))
    return path


def _factors(settings: Settings, day: date) -> Factors | None:
    with suppress(ArtifactError):
        return load_factors(factors_folder(settings, day))[0]
    return None
