"""Data days: parsed strictly, with half-open bounds in UTC."""

import re
from datetime import date, datetime, time, timedelta

from overture.errors import DayRangeError

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_day(text: str) -> date:
    """Return the day that `text` spells as YYYY-MM-DD and nothing else; raise DayRangeError otherwise.

    >>> parse_day("2017-11-28")
    datetime.date(2017, 11, 28)
    >>> parse_day("2017-11-31")
    Traceback (most recent call last):
    overture.errors.DayRangeError: no such day; expected: YYYY-MM-DD; got: '2017-11-31'
    """
    if _ISO_DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise DayRangeError("no such day", expected="YYYY-MM-DD", got=repr(text))


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the day's first instant and the first one after it, in UTC without a zone.

    >>> bounds(date(2017, 11, 28))
    (datetime.datetime(2017, 11, 28, 0, 0), datetime.datetime(2017, 11, 29, 0, 0))
    """
    return datetime.combine(day, time()), datetime.combine(day + timedelta(days=1), time())


FARTHEST_DAYS = 300
"""A day that lies farther ahead is not told by month and day alone."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def readable_day(day: date, today: date, language: str) -> str | None:
    """Return a day to come, today included, as people write it; None for a past or far one and other languages.

    >>> readable_day(date(2017, 12, 3), date(2017, 11, 28), "en")
    'December 3'
    """
    if not today <= day < today + timedelta(days=FARTHEST_DAYS):
        return None
    written = {"en": f"{_MONTHS[day.month - 1]} {day.day}", "zh": f"{day.month}月{day.day}日"}
    return written.get(language)
