"""The run that published a day, for its messages' trails: what it was made with, and what its gates saw."""

import json
from datetime import date
from typing import Any

from overture.adapters.warehouse.champions import CHAMPIONS
from overture.adapters.warehouse.connection import LAKE, Warehouse
from overture.adapters.warehouse.recalls import WITHDRAWN
from overture.adapters.warehouse.runs import RUNS
from overture.core.trail import DayRun, Gate
from overture.errors import UsageError


def read_run(warehouse: Warehouse, day: date) -> DayRun:
    """Return the run that published the day; raise UsageError that says what is there instead where none did."""
    names = "run_id, configuration, factor_configuration, ranker_version, copy_model"
    found = []
    if set(names.split(", ")) <= set(warehouse.columns(RUNS)):
        found = warehouse.rows(
            f"select {names} from {RUNS} where data_day = ? and is_published order by token desc limit 1", [day]
        )
    if not found:
        raise _not_published(warehouse, day)
    run_id, configuration, factors, ranker_version, copy_model = found[0]
    snapshot_id, published_at = _snapshot(warehouse, run_id)
    return DayRun(
        run_id=run_id,
        configuration=configuration,
        factors=json.loads(factors) if factors else None,
        champion_day=_champion_day(warehouse, day),
        ranker_version=ranker_version,
        copy_model=copy_model,
        snapshot_id=snapshot_id,
        published_at=published_at,
        landing_id=_value(warehouse, "intermediate.int_days_landed", "max(landing_id)", day),
        messages=_messages(warehouse, day),
        gates=_gates(warehouse, day),
    )


def _messages(warehouse: Warehouse, day: date) -> int:
    both = "select user_id from marts.messages where data_day = $day"
    if warehouse.columns(WITHDRAWN):
        both += f" union select user_id from {WITHDRAWN} where data_day = $day"
    return int(warehouse.rows(f"select count(*) from ({both}) as written", {"day": day})[0][0])


def _champion_day(warehouse: Warehouse, day: date) -> date | None:
    condition = "is_accepted and data_day < ?"
    found = warehouse.columns(CHAMPIONS) and warehouse.rows(
        f"select max(data_day) from {CHAMPIONS} where {condition}", [day]
    )
    return found[0][0] if found else None


def _snapshot(warehouse: Warehouse, run_id: str) -> tuple[Any, Any]:
    found = warehouse.rows(
        f"select snapshot_id, snapshot_time at time zone 'UTC' from ducklake_snapshots('{LAKE}')"
        " where commit_extra_info = ? order by snapshot_id desc limit 1",
        [run_id],
    )
    return found[0] if found else (None, None)


def _gates(warehouse: Warehouse, day: date) -> tuple[Gate, ...]:
    rows = warehouse.rows(
        "select step, count(*), list(expectation order by expectation) filter (not success)"
        " from marts.validations where data_day = ? group by step order by step",
        [day],
    )
    return tuple(Gate(step, count, tuple(refused or ())) for step, count, refused in rows)


def _value(warehouse: Warehouse, table: str, expression: str, day: date) -> Any:
    if not warehouse.columns(table):
        return None
    return warehouse.rows(f"select {expression} from {table} where data_day = ?", [day])[0][0]


def _not_published(warehouse: Warehouse, day: date) -> UsageError:
    tries, near = 0, None
    if warehouse.columns(RUNS):
        tries = _value(warehouse, RUNS, "count(*)", day)
        near = warehouse.rows(
            f"select data_day from {RUNS} where is_published order by abs(data_day - ?), data_day limit 1", [day]
        )
    nearest = f"a published day, such as {near[0][0]}" if near else "a published day; there is none yet"
    if not tries:
        return UsageError("this day was not run", where=day, expected=nearest, got="no run of it")
    refused = [f"{gate.step}: {gate.refused[0]}" for gate in _gates(warehouse, day) if gate.refused]
    got = f"a run refused by {refused[0]}" if refused else "a run that has not come to an end"
    return UsageError("nothing is published of this day", where=day, expected=nearest, got=got)
