"""What a person recalls is gone from readers at once, and is known to later runs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import (
    KINDS,
    LIFTS,
    RECALLS,
    TABLES,
    WITHDRAWN,
    Lift,
    Recall,
    recalled_on,
    record_lift,
    record_recall,
)
from overture.errors import UsageError
from overture.recalling import case_of, in_force, lift, recall, said_of
from overture.settings import Settings

DAY, EARLIER = date(2017, 11, 28), date(2017, 11, 27)
LATER = datetime(2017, 12, 5, tzinfo=UTC).replace(tzinfo=None)
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
    for table in (*TABLES, "marts.item_facts", "marts.messages", "marts.message_claims"):
        lake.execute(f"drop table if exists {table}")
    for table in TABLES:
        lake.ensure_table(table)
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


def test_a_lifted_recall_binds_no_later_run_and_both_decisions_stay_on_record(warehouse: Warehouse) -> None:
    for one in (case("draft", "d1"), case("fact", PRICE_OF_ICE, DAY)):
        record_recall(warehouse, one)
    withdrawn = left(warehouse, WITHDRAWN)
    lifted = record_lift(warehouse, case("draft", "d1").recall_id, Lift("it was right", "noa", LATER))
    assert lifted == case("draft", "d1")
    assert (recalled_on(warehouse, DAY).drafts, recalled_on(warehouse, DAY).facts) == (set(), {PRICE_OF_ICE})
    assert len(warehouse.rows(f"select * from {RECALLS}")) == 2
    rows = warehouse.rows(f"select kind, subject, recalled_at, why, lifted_by, lifted_at from {LIFTS}")
    assert rows == [("draft", "d1", NOW, "it was right", "noa", LATER)]
    assert left(warehouse, WITHDRAWN) == withdrawn


def test_what_is_recalled_again_after_its_lifting_binds_again(warehouse: Warehouse) -> None:
    record_recall(warehouse, case("draft", "d1"))
    record_lift(warehouse, case("draft", "d1").recall_id, Lift("it was right", "noa", LATER))
    record_recall(warehouse, Recall("draft", "d1", None, "no, it was not", "mia", LATER))
    assert recalled_on(warehouse, DAY).drafts == {"d1"}


def test_only_a_recall_in_force_can_be_lifted_for_a_reason_and_by_somebody(warehouse: Warehouse) -> None:
    record_recall(warehouse, case("item", "ice"))
    known = case("item", "ice").recall_id
    for recall_id, why, error in ((known, " ", "why and by whom"), ("' or true", "right", "no such recall")):
        with pytest.raises(UsageError, match=error):
            lift(warehouse.settings, recall_id, Lift(why, "noa", LATER))
    lift(warehouse.settings, known, Lift("right", "noa", LATER))
    with pytest.raises(UsageError, match="no such recall"):
        lift(warehouse.settings, known, Lift("right", "noa", LATER))


def test_recalls_in_force_are_listed_and_lifted_by_the_id_that_the_list_shows(warehouse: Warehouse) -> None:
    assert in_force(warehouse.settings).to_pylist() == []
    assert said_of(warehouse.settings, {"item": "ice", "why": "bad"}, NOW) == "3 messages withdrawn"
    (row,) = in_force(warehouse.settings).to_pylist()
    assert (row["kind"], row["subject"], row["why"], row["recalled_at"]) == ("item", "ice", "bad", NOW)
    with pytest.raises(UsageError, match="two things at once"):
        said_of(warehouse.settings, {"lift": row["recall_id"], "item": "ice", "why": "right"}, LATER)
    assert (
        said_of(warehouse.settings, {"lift": row["recall_id"], "why": "right"}, LATER) == "item ice may be said again"
    )
    assert in_force(warehouse.settings).to_pylist() == []
