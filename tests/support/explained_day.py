"""A published day of a few readers, each of whom got a text, lost it, or got none for another reason."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.recalls import TABLES as RECALL_TABLES
from overture.adapters.warehouse.runs import RUNS

DAY, UNFINISHED, REFUSED = date(2017, 11, 28), date(2017, 11, 29), date(2017, 11, 30)
HOSTILE = "<img src=x onerror=alert(1)> \u202e'; drop table x"
RUN = "a_run__2017-11-28__3"


def _reader(user_id: str, **others: object) -> dict[str, object]:
    plain = {"has_consent": True, "is_eligible": True, "last_active_on": DAY, "spend_28d": Decimal("9.90")}
    return {"data_day": DAY, "user_id": user_id} | plain | others


def _listed(user_id: str, rank: int, item_id: str, reason: str | None = None) -> dict[str, object]:
    learnt = {"score": 0.5 / rank, "strategy": "als_with_ease", "model_version": "m1", "task": "discover"}
    return {"data_day": DAY, "user_id": user_id, "rank": rank, "item_id": item_id, "reason_item_id": reason} | (
        learnt | {"propensity": 1.0}
    )


def _message(user_id: str, item_id: str, **others: object) -> dict[str, object]:
    made = {"text": "How about Ice? It costs $2.49.", "engine": "vllm", "model": "paper", "prompt_version": "p.v1"}
    return {"data_day": DAY, "user_id": user_id, "item_id": item_id, "draft_id": "d1", "rung": "draft"} | made | others


def _claim(user_id: str, slot: str, rendered: str, column: str) -> dict[str, object]:
    cell = {"source_table": "marts.item_facts", "source_column": column, "source_key": "item_id=ice", "source_day": DAY}
    return {"data_day": DAY, "user_id": user_id, "item_id": "ice", "slot": slot, "rendered": rendered} | cell


def _facts(item_id: str, title: str | None, price: str) -> dict[str, object]:
    return {
        "data_day": DAY,
        "item_id": item_id,
        "title": title,
        "price": Decimal(price),
        "currency": "USD",
        "is_available": True,
    }


ROWS = {
    "marts.audience": [
        _reader("ana"), _reader("ben", has_consent=False, is_eligible=False),
        _reader("cem", is_eligible=False, last_active_on=date(2017, 8, 1)),
        _reader("dan", last_active_on=date(2017, 11, 20)), _reader("eve"), _reader("fay"),
    ],
    "marts.user_signatures": [{"data_day": DAY, "user_id": "ana", "signature": "drinks a lot", "signature_id": "s1"}],
    "marts.item_facts": [_facts("ice", "ICE", "2.49"), _facts("tea", HOSTILE, "1.00"), _facts("x", None, "3.00")],
    "marts.recommendations": [
        _listed("ana", 1, "x"), _listed("ana", 2, "ice", "tea"), _listed("dan", 1, "ice"), _listed("fay", 1, "ice"),
    ],
    "marts.recommendation_reasons": [
        {"data_day": DAY, "user_id": "ana", "task": "discover", "rank": 2, "place": 1, "reason_item_id": "tea",
         "share": 0.75}
    ],
    "marts.messages": [_message("ana", "ice")],
    "marts.message_claims": [
        _claim("ana", "title", "Ice", "title"), _claim("ana", "price", "$2.49", "price"),
        _claim("ana", "claim:odd", "odd", "no_such_column"),
    ],
    "marts.validations": [
        {"data_day": DAY, "step": "check_messages", "suite": "messages", "expectation": "one_message_per_user",
         "success": True},
    ],
    "marts.model_metrics": [], "marts.item_offers": [],
}  # fmt: skip
EVENTS = """
    (date '2017-11-28', 'e1', 'ana', 'tea', timestamp '2017-11-28 09:00'),
    (date '2017-11-01', 'e2', 'ana', 'tea', timestamp '2017-11-01 00:00'),
    (date '2017-11-29', 'e3', 'ana', 'tea', timestamp '2017-11-29 08:00'),
    (date '2017-11-28', 'e4', 'ben', 'tea', timestamp '2017-11-28 00:00')
"""
"""e3 happened after the day."""


def put_day(lake: Warehouse) -> None:
    """Lay the day into the lake, in place of what an earlier test made of it."""
    lake.write("lay a day", _put_day)


def _put_day(lake: Warehouse) -> None:
    for table, rows in ROWS.items():
        lake.ensure_table(table)
        lake.execute(f"delete from {table}")
        if rows:
            lake.replace_day(table, DAY, pa.Table.from_pylist(rows))
    for table in (RUNS, *RECALL_TABLES, "copy.drafts"):
        lake.ensure_table(table)
        lake.execute(f"delete from {table}")
    lake.execute(
        f"insert into {RUNS} by name select *, 'c1' as configuration, '{{\"factors\": 8}}' as factor_configuration"
        " from (values (3, $day, $run, true), (4, $day, 'newer', false), (5, $unfinished, 'r5', false),"
        " (6, $refused, 'r6', false)) as tries(token, data_day, run_id, is_published)",
        {"day": DAY, "run": RUN, "unfinished": UNFINISHED, "refused": REFUSED},
    )
    lake.execute(
        "insert into marts.validations by name select cast(? as date) as data_day, 'check_landed' as step,"
        " 'the_day_has_events' as expectation, false as success",
        [REFUSED],
    )
    lake.execute("insert into copy.drafts by name select 'd1' as draft_id, 'How about {title}?' as text")
    lake.execute(
        "create or replace table intermediate.int_events_cleaned as"
        " select *, 'purchase' as event_type, cast(occurred_at as date) as occurred_on, 1.0::double as quantity,"
        " 1.50::decimal(12, 2) as value"
        f" from (values {EVENTS}) as events(data_day, event_id, user_id, item_id, occurred_at)"
    )
