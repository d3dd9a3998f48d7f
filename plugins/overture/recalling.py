"""Recall: a person withdraws what was published, and it is not said again."""

from collections.abc import Mapping
from datetime import date, datetime

from overture import reporting
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.recalls import FACT, KINDS, MESSAGE, Recall, record_recall
from overture.adapters.warehouse.report_reads import days_withdrawn_from
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
