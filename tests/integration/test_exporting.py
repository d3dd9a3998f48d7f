"""What leaves for another system still may be sent, is counted, and is whole or not there."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import RECALLS
from overture.adapters.warehouse.recalls import TABLES as RECALL_TABLES
from overture.adapters.warehouse.runs import RUNS
from overture.configuration import load_config
from overture.errors import HomeError, UsageError
from overture.exporting import Order, export, manifest
from overture.settings import Settings

DAY, LATER = date(2017, 11, 28), date(2017, 12, 5)
FORMULA = '=HYPERLINK("https://example.org","ice")'
SUPPRESSED = load_config("ranking")["excluded_departments"][0]


def message(user: str, item: str = "ice", **others: object) -> dict[str, object]:
    return {"data_day": DAY, "user_id": user, "item_id": item, "text": f"{item}, {user}", "draft_id": "d"} | others


def price_claim(user: str, item: str) -> dict[str, object]:
    cell = {"source_table": "marts.item_facts", "source_column": "price", "source_key": f"item_id={item}"}
    return {"data_day": DAY, "user_id": user, "item_id": item, "slot": "price", "source_day": DAY} | cell


def fact(day: date, item: str, price: str, **others: object) -> dict[str, object]:
    plain = {"is_available": True, "department": "GROCERY"}
    return {"data_day": day, "item_id": item, "title": item, "price": Decimal(price)} | plain | others


MESSAGES = [
    message("ana"), message("ben"), message("cem"), message("dan", "gone"), message("eve", "dear"),
    message("fay", "dear"), message("gus", "fuel"), message("hal", draft_id="bad"), message("ida", text=FORMULA),
]  # fmt: skip
DROPPED = {"no_consent": 1, "price_changed": 1, "recalled": 1, "suppressed": 1, "unavailable": 1, "unknown_reader": 1}
KEPT = ["ana", "fay", "ida"]


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> Iterator[Warehouse]:
    """Messages of a day, most of which may not be sent any more by a later one: dear's price rose, and so on."""
    with open_warehouse(module_settings) as opened:
        opened.write("lay two days", _put)
        yield opened


def _put(lake: Warehouse) -> None:
    for table in (RUNS, *RECALL_TABLES):
        lake.ensure_table(table)
    items = ("ice", "dear", "gone", "fuel")
    later = [fact(LATER, "ice", "2.00"), fact(LATER, "dear", "9.00"), fact(LATER, "gone", "2.00", is_available=False),
             fact(LATER, "fuel", "2.00", department=SUPPRESSED)]  # fmt: skip
    known = ("ana", "ben", "dan", "eve", "fay", "gus", "hal", "ida")
    readers = [{"data_day": LATER, "user_id": user, "has_consent": user != "ben"} for user in known]
    for day, table, rows in (
        (DAY, "messages", MESSAGES), (DAY, "message_claims", [price_claim("eve", "dear"), price_claim("ana", "ice")]),
        (DAY, "item_facts", [fact(DAY, item, "2.00") for item in items]), (LATER, "item_facts", later),
        (LATER, "audience", readers),
    ):  # fmt: skip
        lake.replace_day(f"marts.{table}", day, pa.Table.from_pylist(rows))
    for token, day in ((1, DAY), (2, LATER)):
        lake.execute(
            f"insert into {RUNS} by name select ? as token, ?::date as data_day, 'run' as run_id, true as is_published",
            [token, day],
        )
    now = datetime(2017, 12, 1, tzinfo=UTC).replace(tzinfo=None)
    lake.execute(f"insert into {RECALLS} values ('draft', 'bad', null, 'wrong', 'mia', ?)", [now])


def order(to: Path, form: str | None = None, table: str = "messages", **others: bool) -> Order:
    return Order(table, DAY, to, form, **others)


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_only_messages_that_still_may_be_sent_leave_and_every_drop_is_counted(
    lake: Warehouse, tmp_path: Path, form: str
) -> None:
    file, done = export(lake.settings, order(tmp_path, form))
    assert file == tmp_path / f"messages_2017-11-28.{form}"
    assert [row["user_id"] for row in rows_of(file, form)] == KEPT
    assert (done.rows, done.dropped, done.checked_as_of) == (3, DROPPED, LATER)


def rows_of(file: Path, form: str) -> list[dict[str, object]]:
    if form == "parquet":
        return list(pq.read_table(file).to_pylist())
    with file.open(encoding="utf-8", newline="") as content:
        return list(csv.DictReader(content)) if form == "csv" else [json.loads(line) for line in content]


def test_the_manifest_beside_the_file_says_what_it_is(lake: Warehouse, tmp_path: Path) -> None:
    file, _ = export(lake.settings, order(tmp_path / "out.csv"))
    told = json.loads(manifest(file).read_text(encoding="utf-8"))
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (told["rows"], told["dropped"], told["checked_as_of"]) == (3, DROPPED, "2017-12-05")
    assert (told["table"], told["data_day"], told["run_id"]) == ("messages", "2017-11-28", "run")


def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe_in_csv_alone(lake: Warehouse, tmp_path: Path) -> None:
    file, done = export(lake.settings, order(tmp_path / "safe.csv"))
    assert (rows_of(file, "csv")[-1]["text"], done.escaped_cells) == (f"'{FORMULA}", 1)
    for name, others in (("raw.csv", {"is_raw": True}), ("raw.parquet", {}), ("raw.jsonl", {})):
        file, done = export(lake.settings, order(tmp_path / name, **others))
        assert (rows_of(file, file.suffix[1:])[-1]["text"], done.escaped_cells) == (FORMULA, 0)


@pytest.mark.parametrize(
    "start", ["=1", "+1", "-1", "@x", "  =1", "\t1", "\r1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
)
def test_no_cell_begins_like_a_formula(lake: Warehouse, start: str) -> None:
    from overture.adapters.warehouse.export_reads import FORMULA as PATTERN

    assert lake.rows("select regexp_matches($text, $pattern)", {"text": start, "pattern": PATTERN}) == [(True,)]
    assert lake.rows("select regexp_matches($text, $pattern)", {"text": f"x{start}", "pattern": PATTERN}) == [(False,)]


def test_other_tables_leave_as_they_are(lake: Warehouse, tmp_path: Path) -> None:
    file, done = export(lake.settings, order(tmp_path, "jsonl", "item_facts"))
    assert sorted(str(row["item_id"]) for row in rows_of(file, "jsonl")) == ["dear", "fuel", "gone", "ice"]
    assert (done.dropped, done.checked_as_of) == ({}, None)


def test_a_file_that_is_there_is_replaced_only_where_that_is_asked_for(lake: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="the file is there already"):
        export(lake.settings, order(file))
    assert file.read_text(encoding="utf-8") == "mine"
    export(lake.settings, order(file, is_forced=True))
    assert len(rows_of(file, "csv")) == 3


def test_an_export_that_fails_leaves_nothing_behind(lake: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is published of this day; where: 2017-11-29"):
        export(lake.settings, Order("messages", date(2017, 11, 29), tmp_path))
    taken = tmp_path / "taken.csv.json"
    taken.mkdir()
    with pytest.raises(HomeError, match=r"cannot be written; where: .*taken\.csv"):
        export(lake.settings, order(tmp_path / "taken.csv"))
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Order("orders", DAY, Path()), "no such table; where: --table; expected: audience, "),
        (Order("messages", DAY, Path("/no/such/folder/x.csv")), "no such folder; where: --to"),
    ],
)
def test_what_cannot_be_exported_is_refused(lake: Warehouse, asked: Order, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        export(lake.settings, asked)
