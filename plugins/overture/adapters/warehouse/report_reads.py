"""What a day's report shows, read from the lake in one snapshot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.recalls import WITHDRAWN
from overture.adapters.warehouse.report_queries import DAYS, GATES, SECTIONS
from overture.adapters.warehouse.runs import publisher_of

NAMED: Final = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Reads:
    """A day as it is published.

    run_id: the run that published it; None where it is not published.
    sections: section -> query -> rows; None for a query whose table or column the lake does not have, as in a lake
    that an older version made. published: rows of every published table. withdrawn: messages that were recalled.
    """

    run_id: str | None
    sections: Mapping[str, Mapping[str, pa.Table | None]]
    published: Mapping[str, int]
    withdrawn: int


def read_day(warehouse: Warehouse, day: date, limits: Mapping[str, Mapping[str, Any]]) -> Reads:
    """Return all that the report of `day` shows; `limits` is config/report.toml."""
    seed = str(limits["map"]["seed"])
    given: dict[str, object] = {
        "day": day,
        "first": day - timedelta(days=limits["events"]["usual_days"]),
        "longest": limits["tables"]["longest"],
        "shown": limits["messages"]["shown"],
        # Some of them have no factors: too little is known of them.
        "drawn": 4 * limits["map"]["items"],
    }
    seeds = {"learned": seed, "written": str(limits["messages"]["seed"])}
    warehouse.execute("begin")
    try:
        return Reads(
            publisher_of(warehouse, day),
            {
                section: {
                    name: _rows(warehouse, sql, given | {"seed": seeds.get(section, seed)})
                    for name, sql in queries.items()
                }
                for section, queries in SECTIONS.items()
            },
            _counts(warehouse, day),
            withdrawn_messages(warehouse, day),
        )
    finally:
        warehouse.execute("rollback")


def read_days(warehouse: Warehouse) -> pa.Table:
    """Return one row for each published day, the last first: its health, messages and seconds."""
    found = _rows(warehouse, DAYS, {})
    return pa.table({"data_day": pa.array([], pa.date32())}) if found is None else found


def read_verdicts(warehouse: Warehouse, day: date) -> pa.Table:
    """Return every verdict of the day's gates; those that failed first."""
    return warehouse.arrow(GATES["verdicts"], {"day": day})


def withdrawn_messages(warehouse: Warehouse, day: date) -> int:
    """Return how many messages of `day` were recalled."""
    found = _rows(warehouse, f"select count(*) as n from {WITHDRAWN} where data_day = $day", {"day": day})
    return 0 if found is None else int(found["n"][0].as_py())


def days_withdrawn_from(warehouse: Warehouse, kind: str, subject: str) -> list[date]:
    """Return the days of which a recall of that kind and subject has withdrawn messages, in order."""
    found = warehouse.rows(
        f"select distinct data_day from {WITHDRAWN} where kind = ? and subject = ? order by 1", [kind, subject]
    )
    return [day for (day,) in found]


def _counts(warehouse: Warehouse, day: date) -> dict[str, int]:
    counts = {}
    for table in sorted(contracts()):
        found = _rows(warehouse, f"select count(*) as n from marts.{table} where data_day = $day", {"day": day})
        counts[table] = 0 if found is None else int(found["n"][0].as_py())
    return counts


def _rows(warehouse: Warehouse, sql: str, given: Mapping[str, object]) -> pa.Table | None:
    asked = {name: given[name] for name in NAMED.findall(sql)}
    try:
        return warehouse.arrow(sql, asked)
    except (duckdb.BinderException, duckdb.CatalogException):
        return None
