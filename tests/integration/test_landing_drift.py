"""Files whose columns were retyped: refused before anything is written, whatever the format."""

import json
from collections.abc import Sequence
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landing_shop import DAY, EVENT_COLUMNS, GOOD, ITEM, Shop, csv_text
from overture.errors import SchemaError

PLAIN = dict(zip(EVENT_COLUMNS, GOOD, strict=True))
MOMENT = datetime(2024, 5, 2, 10)  # noqa: DTZ001 - as Parquet files hold times that name no zone


def events(count: int, column: str = "", value: str = "") -> list[tuple[str, ...]]:
    cells = [PLAIN | {"id": f"e{number}"} | ({column: value} if column else {}) for number in range(count)]
    return [tuple(each[name] for name in EVENT_COLUMNS) for each in cells]


def drop_parquet(shop: Shop, **columns: Sequence[object] | pa.Array) -> None:
    shop.drop_day()
    table = pa.table({name: columns.get(name, [PLAIN[name]]) for name in EVENT_COLUMNS})
    pq.write_table(table, shop.folder / str(DAY) / "events.parquet")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("pieces", [True]),
        ("pieces", [[1, 2]]),
        ("paid", [date(2024, 5, 2)]),
        ("paid", [{"amount": 2.5}]),
        ("at", [1714644000]),
        ("at", [1714644000.5]),
        ("at", [True]),
        ("user", [["u1"]]),
    ],
)
def test_a_parquet_column_stored_as_another_kind_is_named_and_nothing_is_written(
    shop: Shop, column: str, values: list[object]
) -> None:
    drop_parquet(shop, **{column: values})
    with pytest.raises(SchemaError, match=rf"column {column} has changed its type; where: .*events\.parquet") as error:
        shop.land(events="{data_day}/events.parquet", format="parquet")
    assert error.value.exit_code == 2
    assert shop.is_empty()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("pieces", pa.array([1], pa.int8())),
        ("pieces", pa.array(["1"]).dictionary_encode()),
        ("paid", pa.array([2.5])),
        ("at", pa.array([MOMENT])),
        ("at", pa.array([date(2024, 5, 2)])),
        ("user", pa.array([17])),
        ("pieces", pa.nulls(1)),
    ],
)
def test_a_parquet_column_stored_as_a_kind_that_can_be_read_lands(shop: Shop, column: str, values: pa.Array) -> None:
    drop_parquet(shop, **{column: values})
    shop.land(events="{data_day}/events.parquet", format="parquet")
    assert shop.column("select count(*) from raw.events") == [1]


@pytest.mark.parametrize(
    ("column", "value", "promised"),
    [
        ("paid", "two fifty", "amounts for value"),
        ("pieces", "many", "numbers"),
        ("at", "noon", "times for occurred_at"),
    ],
)
def test_a_csv_column_of_which_no_value_reads_any_more_is_named_and_nothing_is_written(
    shop: Shop, column: str, value: str, promised: str
) -> None:
    shop.drop_day(*events(10, column, value))
    with pytest.raises(SchemaError, match=rf"column '{column}'.*events\.csv.*{promised}.*10 values such as '{value}'"):
        shop.land()
    assert shop.is_empty()


def test_a_flag_of_json_lines_of_which_no_value_reads_any_more_is_named(shop: Shop) -> None:
    shop.drop_day(items=[{**ITEM, "item": f"i{number}", "available": "perhaps"} for number in range(12)])
    with pytest.raises(SchemaError, match=r"column 'available'.*items\.jsonl.*true or false.*12 values"):
        shop.land()
    assert shop.is_empty()


def test_one_value_that_reads_or_fewer_than_ten_are_bad_rows_and_no_other_type(shop: Shop) -> None:
    shop.drop_day(*events(9, "paid", "two fifty"))
    assert shop.land().entities["events"].quarantined == 9
    shop.drop_day(*events(20, "paid", "two fifty"), ("good", *GOOD[1:]))
    assert shop.land().entities["events"].quarantined == 20


def test_a_column_that_was_never_filled_is_no_other_type(shop: Shop) -> None:
    shop.drop_day(*events(30, "paid", ""))
    assert shop.land().entities["events"].landed == 30


def test_a_retyped_file_leaves_what_was_landed_before_as_it_was(shop: Shop) -> None:
    shop.drop_day()
    shop.land()
    tables = ("events", "items", "users", "landings")
    before = [shop.warehouse.rows(f"select * from raw.{table} order by all") for table in tables]
    shop.drop("events.csv", csv_text(EVENT_COLUMNS, *events(10, "at", "noon")))
    shop.drop("items.jsonl", json.dumps({**ITEM, "title": "Another"}))
    with pytest.raises(SchemaError):
        shop.land()
    assert [shop.warehouse.rows(f"select * from raw.{table} order by all") for table in tables] == before
