"""Which day a run makes, and for how many users: read strictly from what Airflow knows of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from overture.core.days import parse_day
from overture.errors import UsageError

PARAMETERS = ("day", "users", "approve")


@dataclass(frozen=True)
class RunRequest:
    """What a run was asked for.

    day: the data day.
    users: how many users get a message; None for the configured number.
    approve: how many messages a person sees before they are published; None for the configured number.
    """

    day: date
    users: int | None
    approve: int | None = None


def data_day(partition_key: str | None, logical_date: datetime | None) -> date:
    """Return the data day of a run.

    Scheduled runs and backfills carry it as the partition key (YYYY-MM-DD); a run started by hand for one date, as
    `airflow dags test` does, has only a logical date, whose day in UTC it is. Raises DayRangeError for a key that is
    no day, UsageError when there is neither.
    """
    if partition_key is not None:
        return parse_day(partition_key)
    if logical_date is not None:
        if logical_date.utcoffset() is None or logical_date.utcoffset():
            raise UsageError("bad logical date", expected="a time in UTC", got=logical_date.isoformat())
        return logical_date.date()
    raise UsageError("the run has no data day", expected="a partition key YYYY-MM-DD, or the parameter day")


def read_request(
    partition_key: str | None, logical_date: datetime | None, parameters: Mapping[str, object]
) -> RunRequest:
    """Return the day and the counts of a run; the parameter `day` stands in for a missing partition key.

    Airflow accepts parameters that are misspelt or no days at all, so they are parsed here. Raises DayRangeError for a
    day that is none, UsageError for an unknown parameter, a bad number of users, or two days that disagree.
    """
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown:
        raise UsageError("unknown run parameter", where=unknown[0], expected=", ".join(PARAMETERS))
    asked = parameters.get("day")
    if asked is None:
        return RunRequest(data_day(partition_key, logical_date), *_counts(parameters))
    if not isinstance(asked, str):
        raise UsageError("bad run parameter", where="day", expected="text YYYY-MM-DD", got=repr(asked))
    day = parse_day(asked)
    if partition_key is not None and data_day(partition_key, None) != day:
        raise UsageError("two days for one run", where="day", expected=f"the partition key {partition_key}", got=asked)
    return RunRequest(day, *_counts(parameters))


def _counts(parameters: Mapping[str, object]) -> tuple[int | None, int | None]:
    users, approve = (_count(name, parameters.get(name)) for name in ("users", "approve"))
    return users, approve


def _count(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError("bad run parameter", where=name, expected="a whole number above 0", got=repr(value))
    return value
