"""How each day that was ever run came out: what the calendar of health is read from."""

from collections import defaultdict
from datetime import date
from typing import Final

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.recalls import WITHDRAWN
from overture.adapters.warehouse.report_reads import read_days
from overture.adapters.warehouse.runs import RUNS
from overture.core.health import PUBLISHED, REFUSED, UNFINISHED, DayHealth

TRIES: Final = f"""
    select data_day, bool_or(is_published) as is_published, count(*) as tries,
        arg_max(run_id, (coalesce(is_published, false), token)) as run_id
    from {RUNS} group by data_day order by data_day
"""

NOT_MET: Final = """
    select data_day, concat(step, ': ', expectation) as expectation
    from marts.validations where not success order by data_day, step, expectation
"""


def read_health(warehouse: Warehouse) -> dict[date, DayHealth]:
    """Return every day that was run, by day, all of one snapshot; none in a lake in which nothing was run yet."""
    warehouse.execute("begin")
    try:
        return _health(warehouse)
    finally:
        warehouse.execute("rollback")


def _health(warehouse: Warehouse) -> dict[date, DayHealth]:
    if not {"data_day", "run_id", "is_published", "token"} <= set(warehouse.columns(RUNS)):
        return {}
    refused: dict[date, list[str]] = defaultdict(list)
    for day, expectation in warehouse.rows(NOT_MET) if warehouse.columns("marts.validations") else ():
        refused[day].append(expectation)
    withdrawn = {}
    if warehouse.columns(WITHDRAWN):
        withdrawn = dict(warehouse.rows(f"select data_day, count(*) from {WITHDRAWN} group by data_day"))
    published = {row["data_day"]: row for row in read_days(warehouse).to_pylist()}
    found = {}
    for day, is_published, tries, run_id in warehouse.rows(TRIES):
        told = published.get(day, {})
        outcome = PUBLISHED if is_published else REFUSED if refused[day] else UNFINISHED
        found[day] = DayHealth(
            day,
            outcome,
            run_id,
            tries,
            tuple(refused[day]),
            told.get("messages", 0),
            withdrawn.get(day, 0),
            told.get("template_share"),
            told.get("seconds"),
        )
    return found
