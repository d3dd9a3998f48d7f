"""Recall: a person withdraws what was published, and it is not said again, until a person lifts that."""

import getpass
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime

import pyarrow as pa

from overture import reporting
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.recalls import (
    FACT,
    KINDS,
    MESSAGE,
    Lift,
    Recall,
    recalls_in_force,
    record_lift,
    record_recall,
)
from overture.adapters.warehouse.report_reads import days_withdrawn_from
from overture.core.days import parse_day
from overture.errors import UsageError
from overture.settings import Settings


def recall(settings: Settings, case: Recall) -> int:
    """Withdraw every published message of a case, from the pages of their days too; return how many.

    Raises UsageError for one that cannot be, HomeError when a page cannot be written again: all is withdrawn then.
    """
    if not case.why.strip() or not case.recalled_by.strip():
        raise UsageError("a recall says why and by whom", where="recall", expected="two texts", got="a blank one")
    with open_warehouse(settings) as warehouse:
        count = record_recall(warehouse, case)
        reporting.rewrite_days(settings, warehouse, days_withdrawn_from(warehouse, case.kind, case.subject))
        return count


def lift(settings: Settings, recall_id: str, decision: Lift) -> Recall:
    """Let later runs say again what a recall bound, and return it; raise UsageError for one that is not in force."""
    if not decision.why.strip() or not decision.lifted_by.strip():
        raise UsageError("a lift says why and by whom", where="recall", expected="two texts", got="a blank one")
    with open_warehouse(settings) as warehouse:
        return record_lift(warehouse, recall_id, decision)


def in_force(settings: Settings) -> pa.Table:
    """Return the recalls that bind, each with the id by which it can be lifted, the oldest first."""
    with open_warehouse(settings, read_only=True) as warehouse:
        found = recalls_in_force(warehouse)
    return pa.table(
        {"recall_id": [each.recall_id for each in found]}
        | {field.name: [getattr(each, field.name) for each in found] for field in fields(Recall)}
    )


def said_of(settings: Settings, asked: Mapping[str, str | None], now: datetime) -> str:
    """Recall or lift what is asked for, and return what people are told of it.

    asked: the subject by its kind, or the `lift` of an id; `day`, `why` and `by`, who is otherwise whoever is logged
    in. now: UTC, without a zone. Raises UsageError for what is missing, double or not there.
    """
    subjects = {kind: asked.get(kind) for kind in KINDS}
    why, by, lifted, day = (asked.get(name) for name in ("why", "by", "lift", "day"))
    why, by = why or "", by or getpass.getuser()
    if lifted is None:
        case = case_of(subjects, parse_day(day) if day else None, why, by, now)
        return f"{recall(settings, case)} messages withdrawn"
    if day or any(subjects.values()):
        raise UsageError("two things at once", where="recall", expected="--lift alone, with --why", got="a subject")
    again = lift(settings, lifted, Lift(why, by, now))
    return f"{again.kind} {again.subject} may be said again"


def case_of(subjects: Mapping[str, str | None], day: date | None, why: str, by: str, now: datetime) -> Recall:
    """Return the case of one subject, by its kind. now: UTC, without a zone.

    Raises UsageError for none or several, and for a day where there must be none or none where there must be one.
    """
    given = [(kind, subject) for kind in KINDS if (subject := subjects.get(kind))]
    if len(given) != 1:
        expected = "one of --message, --draft, --item and --fact"
        raise UsageError("what is recalled", where="recall", expected=expected, got=len(given))
    kind, subject = given[0]
    if (kind == MESSAGE and day is None) or (kind not in (MESSAGE, FACT) and day is not None):
        expected = "--day" if day is None else "no --day: it is recalled of every day"
        raise UsageError(f"the day of a {kind}", where="recall", expected=expected, got=day)
    return Recall(kind, subject, day, why, by, now)
