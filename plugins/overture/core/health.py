"""How days came out, and the calendar in which people look at them."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

PUBLISHED, REFUSED, UNFINISHED = "published", "refused", "unfinished"


@dataclass(frozen=True)
class DayHealth:
    """A day that was run at least once.

    outcome: PUBLISHED; else REFUSED by a gate or UNFINISHED. run_id: of the newest try, or the one that published it.
    refused: the expectations that were not met, as `step: expectation`. messages: published and not withdrawn.
    template_share: of these, 0 to 1; None without messages. seconds: of all steps; None where nothing was noted.
    """

    data_day: date
    outcome: str
    run_id: str
    tries: int
    refused: tuple[str, ...] = ()
    messages: int = 0
    withdrawn: int = 0
    template_share: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday; None for days of another month. health: None for a day not run."""

    name: str
    weeks: tuple[tuple[tuple[date, DayHealth | None] | None, ...], ...]


def months(days: Mapping[date, DayHealth], most: int, before: date | None = None) -> Sequence[Month]:
    """Return the months that have a day, the newest first, not more than `most`. before: only months before its own.

    >>> health = DayHealth(date(2017, 11, 28), PUBLISHED, "r", 1)
    >>> [(month.name, month.weeks[4][1]) for month in months({health.data_day: health}, 1)]
    [('November 2017', (datetime.date(2017, 11, 28), DayHealth(data_day=datetime.date(2017, 11, 28), \
outcome='published', run_id='r', tries=1, refused=(), messages=0, withdrawn=0, template_share=None, seconds=None)))]
    """
    limit = (before.year, before.month) if before else (date.max.year + 1, 1)
    named = sorted({(day.year, day.month) for day in days if (day.year, day.month) < limit}, reverse=True)
    return [_month(year, month, days) for year, month in named[:most]]


def _month(year: int, month: int, days: Mapping[date, DayHealth]) -> Month:
    def cell(number: int) -> tuple[date, DayHealth | None] | None:
        day = date(year, month, number) if number else None
        return None if day is None else (day, days.get(day))

    weeks = calendar.Calendar().monthdayscalendar(year, month)
    return Month(f"{calendar.month_name[month]} {year}", tuple(tuple(map(cell, week)) for week in weeks))
