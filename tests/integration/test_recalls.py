"""What a person recalls is gone from readers at once, and is known to later runs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import KINDS, RECALLS, WITHDRAWN, Recall, recalled_on, record_recall
from overture.errors import UsageError
from overture.recalling import case_of, recall
from overture.settings import Settings

DAY, EARLIER = date(2017, 11, 28), date(2017, 11, 27)
NOW = datetime(2017, 12, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)
PRICE_OF_ICE = "marts.item_facts.price:item_id=ice"


def message(day: date, user: str, item: str, draft: str | None) -> dict[str, object]:
    return {"data_day": day, "user_id": user, "item_id": item, "text": f"{item} for {user}", "draft_id": draft}


def claim(day: date, user: str, item: str, column: str) -> dict[str, object]:
    cell = {"source_table": "marts.item_facts", "source_column": column, "source_key": f"item_id={item}"}
    return {"data_day": day, "user_id": user, "item_id": item, "slot": column, "source_day": day} | cell


MESSAGES = [
    message(DAY, "ana", "ice", "d1"), message(DAY, "ben", "ice", "d2"), message(DAY, "cem", "tea", "d3"),
    message(EARLIER, "ana", "ice", "d1"), message(EARLIER, "ben", "tea", None),
]  # fmt: skip
CLAIMS = [
    *(claim(row["data_day"], row["user_id"], row["item_id"], "title") for row in MESSAGES),  # type: ignore[arg-type]
    claim(DAY, "ana", "ice", "price"), claim(EARLIER, "ana", "ice", "price"),
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as opened:
        yield opened


@pytest.fixture
def warehouse(lake: Warehouse) -> Warehouse:
    """The lake with five published messages of two days."""
    for table in (RECALLS, WITHDRAWN, "marts.item_facts", "marts.messages", "marts.message_claims"):
        lake.execute(f"drop table if exists {table}")
    lake.ensure_table(RECALLS)
    for day in (DAY, EARLIER):
        for table, rows in (("marts.messages", MESSAGES), ("marts.message_claims", CLAIMS)):
            lake.replace_day(table, day, pa.Table.from_pylist([row for row in rows if row["data_day"] == day]))
    lake.replace_day("marts.item_facts", DAY, pa.Table.from_pylist([{"data_day": DAY, "item_id": "ice"}]))
    lake.ensure_table("copy.drafts")
    lake.execute("delete from copy.drafts")
    lake.execute("insert into copy.drafts by name select 'd1' as draft_id")
    return lake


def left(lake: Warehouse, table: str = "marts.messages") -> set[tuple[date, str]]:
    return set(lake.rows(f"select distinct data_day, user_id from {table}"))


def case(kind: str, subject: str, day: date | None = None) -> Recall:
    return Recall(kind, subject, day, "wrong", "mia", NOW)


@pytest.mark.parametrize(
    ("kind", "subject", "day", "gone"),
    [
        ("message", "ana", DAY, {(DAY, "ana")}),
        ("draft", "d1", None, {(DAY, "ana"), (EARLIER, "ana")}),
        ("item", "ice", None, {(DAY, "ana"), (DAY, "ben"), (EARLIER, "ana")}),
        ("fact", PRICE_OF_ICE, None, {(DAY, "ana"), (EARLIER, "ana")}),
        ("fact", PRICE_OF_ICE, DAY, {(DAY, "ana")}),
    ],
)
def test_every_message_that_shares_what_is_recalled_is_withdrawn_and_no_other(
    warehouse: Warehouse, kind: str, subject: str, day: date | None, gone: set[tuple[date, str]]
) -> None:
    everybody = left(warehouse)
    assert record_recall(warehouse, case(kind, subject, day)) == len(gone)
    assert left(warehouse) == left(warehouse, "marts.message_claims") == everybody - gone
    assert left(warehouse, WITHDRAWN) == gone
    rows = warehouse.rows(f"select kind, subject, data_day, why, recalled_by, recalled_at from {RECALLS}")
    assert rows == [(kind, subject, day, "wrong", "mia", NOW)]


@pytest.mark.parametrize(
    ("kind", "subject", "day", "error"),
    [
        ("message", "ana", date(2017, 1, 5), "no such message"),
        ("message", "' or true --", DAY, "no such message"),
        ("draft", "d99", None, "no such draft"),
        ("item", "soap", None, "no such item"),
        ("fact", "marts.item_facts.colour:item_id=ice", None, "no such fact"),
        ("fact", "ops.runs.run_id:run_id=x", None, "no such fact"),
        ("fact", "price", None, "no such fact"),
    ],
)
def test_what_the_lake_does_not_know_cannot_be_recalled_and_nothing_is_noted(
    warehouse: Warehouse, kind: str, subject: str, day: date | None, error: str
) -> None:
    before = left(warehouse)
    with pytest.raises(UsageError, match=error):
        record_recall(warehouse, case(kind, subject, day))
    assert left(warehouse) == before
    assert warehouse.rows(f"select * from {RECALLS}") == []


def test_recalled_drafts_and_facts_are_known_to_later_runs_each_on_its_days(warehouse: Warehouse) -> None:
    assert recalled_on(warehouse, DAY).drafts == frozenset()
    for one in (case("draft", "d1"), case("fact", PRICE_OF_ICE, DAY), case("item", "ice")):
        record_recall(warehouse, one)
    found = recalled_on(warehouse, DAY)
    assert (found.drafts, found.facts) == ({"d1"}, {PRICE_OF_ICE})
    assert recalled_on(warehouse, EARLIER).facts == frozenset()


def test_a_recall_is_of_one_thing_with_its_day_where_it_has_one() -> None:
    found = case_of({"draft": "d1", "item": None}, None, "wrong", "mia", NOW)
    assert found == case("draft", "d1")
    wrong: list[tuple[dict[str, str | None], date | None]] = [
        ({}, None), (dict.fromkeys(KINDS), DAY), ({"draft": "d1", "item": "ice"}, None),
        ({"message": "ana"}, None), ({"draft": "d1"}, DAY), ({"item": "ice"}, DAY),
    ]  # fmt: skip
    for subjects, day in wrong:
        with pytest.raises(UsageError):
            case_of(subjects, day, "wrong", "mia", NOW)


def test_a_recall_without_a_reason_or_a_person_is_refused(module_settings: Settings) -> None:
    for blank in ({"why": " "}, {"recalled_by": ""}):
        with pytest.raises(UsageError, match="why and by whom"):
            recall(module_settings, Recall(**{**vars(case("draft", "d1")), **blank}))
