"""Days and files, landed in the real lake: what is replaced, what is refused, what is noted."""

import gzip
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landing_shop import DAY, EVENT_COLUMNS, GOOD, Shop, csv_text
from overture.adapters.landing_files import find_files
from overture.adapters.sources import load_source
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.landing import land_day
from overture.adapters.warehouse.landing_fetch import shown
from overture.errors import DayRangeError, MissingFileError, SchemaError, SettingsError


def test_a_file_that_comes_twice_under_two_names_lands_once(shop: Shop) -> None:
    shop.drop_day()
    shop.drop("events-again.csv", (shop.folder / str(DAY) / "events.csv").read_bytes())
    shop.land(events="{data_day}/events*.csv")
    assert shop.column("select count(*) from raw.events") == [1]
    assert shop.column("select count(distinct sha256) from raw.landings where entity = 'events'") == [1]
    assert shop.column("select sum(duplicate_count) from raw.landings where entity = 'events'") == [1]


def test_landing_a_day_again_replaces_it_and_leaves_the_other_days(shop: Shop) -> None:
    before = date(2024, 5, 1)
    shop.drop_day(("old", *GOOD[1:4], "2024-05-01", "1", "1"), day=before)
    shop.drop_day(GOOD, ("bad", *GOOD[1:5], "-1", "1"))
    shop.land(before)
    shop.land()
    shop.drop_day(("e9", *GOOD[1:]))
    shop.land()
    assert shop.warehouse.rows("select data_day, event_id from raw.events order by 1") == [(before, "old"), (DAY, "e9")]
    assert shop.column("select count(*) from raw.quarantine") == [0]
    assert shop.column("select count(*) from raw.landings") == [6]


def test_landing_a_day_twice_from_the_same_files_changes_no_row(shop: Shop) -> None:
    shop.drop_day(GOOD, ("bad", *GOOD[1:5], "-1", "1"))
    tables = ("events", "items", "users", "quarantine", "landings")
    shop.land()
    once = [shop.warehouse.rows(f"select * from raw.{table} order by all") for table in tables]
    shop.land()
    assert [shop.warehouse.rows(f"select * from raw.{table} order by all") for table in tables] == once


def test_days_since_the_first_are_landed_with_the_day_and_not_again(shop: Shop) -> None:
    days = [date(2024, 5, number) for number in (1, 2, 3)]
    for day in days:
        shop.drop_day((f"e-{day}", *GOOD[1:4], str(day), "1", "1"), day=day)
    assert shop.land(days[1], range="first_day = 2024-05-01").days == tuple(days[:2])
    assert shop.land(days[2], range="first_day = 2024-05-01").days == (days[2],)
    assert shop.column("select data_day from raw.events order by 1") == days


def test_a_file_missing_in_the_history_is_named_and_nothing_is_written(shop: Shop) -> None:
    shop.drop_day()
    with pytest.raises(MissingFileError, match=r"landing/shop/2024-05-01/events\.csv; got: no such file") as error:
        shop.land(range="first_day = 2024-05-01")
    assert error.value.exit_code == 2
    assert shop.is_empty()


def test_a_file_missing_on_the_day_is_named_and_nothing_is_written(shop: Shop) -> None:
    shop.drop_day()
    (shop.folder / str(DAY) / "users.csv").unlink()
    with pytest.raises(MissingFileError, match=r"landing/shop/2024-05-02/users\.csv"):
        shop.land()
    assert shop.is_empty()


def test_a_day_without_a_file_has_no_rows_where_the_source_allows_it(shop: Shop) -> None:
    shop.drop_day()
    (shop.folder / str(DAY) / "events.csv").unlink()
    assert shop.land(options="may_be_absent = true").entities["events"].rows == 0
    assert shop.column("select entity from raw.landings order by 1") == ["items", "users"]


def test_a_renamed_column_is_named_with_the_columns_found_and_nothing_is_written(shop: Shop) -> None:
    shop.drop_day()
    shop.drop("events.csv", csv_text(("id", "customer", *EVENT_COLUMNS[2:]), GOOD))
    with pytest.raises(
        SchemaError, match=r"events\.csv; expected: one column 'user'; got: columns id, customer, item"
    ) as error:
        shop.land()
    assert error.value.exit_code == 2
    assert shop.is_empty()


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_missing_column_is_found_in_every_format(shop: Shop, kind: str) -> None:
    shop.drop_day()
    path = shop.folder / str(DAY) / f"events.{kind}"
    cells = dict(zip(EVENT_COLUMNS[1:], GOOD[1:], strict=True))
    if kind == "parquet":
        pq.write_table(pa.table({name: [cell] for name, cell in cells.items()}), path)
    else:
        path.write_text(json.dumps(cells), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"expected: one column 'id'; got: columns .*what"):
        shop.land(events=f"{{data_day}}/events.{kind}", format=kind)
    assert shop.is_empty()


@pytest.mark.parametrize(
    ("name", "content"),
    [("events.csv", b""), ("events.csv", b"\n"), ("events.csv.gz", b"\x1f\x8b\x08"), ("events.csv.gz", b"id,user")],
)
def test_a_file_without_a_readable_header_is_refused(shop: Shop, name: str, content: bytes) -> None:
    shop.drop_day()
    shop.drop(name, content)
    with pytest.raises(SchemaError, match=name):
        shop.land(events=f"{{data_day}}/{name}")
    assert shop.is_empty()


def test_a_gzip_file_that_ends_too_early_is_refused(shop: Shop) -> None:
    shop.drop_day()
    rows = (tuple(f"{number}-{cell}" for cell in GOOD) for number in range(200_000))
    whole = gzip.compress(csv_text(EVENT_COLUMNS, *rows).encode())
    shop.drop("events.csv.gz", whole[: len(whole) // 2])
    with pytest.raises(SchemaError, match=r"events\.csv\.gz"):
        shop.land(events="{data_day}/events.csv.gz")
    assert shop.is_empty()


def test_a_parquet_file_that_is_cut_off_is_refused(shop: Shop) -> None:
    shop.drop_day()
    path = shop.folder / str(DAY) / "events.parquet"
    pq.write_table(pa.table({name: [cell] for name, cell in zip(EVENT_COLUMNS, GOOD, strict=True)}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SchemaError, match=r"events\.parquet; expected: a whole Parquet file"):
        shop.land(events="{data_day}/events.parquet", format="parquet")
    assert shop.is_empty()


def test_a_packed_file_lands_as_the_plain_one(shop: Shop) -> None:
    shop.drop_day()
    shop.drop("events.csv.gz", gzip.compress((shop.folder / str(DAY) / "events.csv").read_bytes()))
    shop.land(events="{data_day}/events.csv.gz")
    assert shop.column("select event_id from raw.events") == ["e1"]


def test_a_column_twice_in_a_header_is_refused(shop: Shop) -> None:
    shop.drop_day()
    shop.drop("events.csv", csv_text((*EVENT_COLUMNS, "user"), (*GOOD, "u2")))
    with pytest.raises(SchemaError, match=r"a column twice.*'user'"):
        shop.land()


def test_a_new_column_is_ignored_and_noted(shop: Shop) -> None:
    shop.drop_day()
    shop.drop("events.csv", csv_text((*EVENT_COLUMNS, "colour", 'x"; drop table raw.events'), (*GOOD, "red", "1")))
    shop.land()
    assert shop.column("select count(*) from raw.events") == [1]
    assert shop.warehouse.rows("select entity, ignored_columns from raw.landings order by 1") == [
        ("events", 'colour, x"; drop table raw.events'),
        ("items", None),
        ("users", None),
    ]


def test_a_day_outside_the_range_is_refused_before_any_file_is_looked_for(shop: Shop) -> None:
    with pytest.raises(DayRangeError, match="2024-05-03 to 2024-05-09; got: 2024-05-02"):
        shop.land(range="first_day = 2024-05-03\nlast_day = 2024-05-09")
    assert shop.is_empty()


def test_a_pattern_for_times_that_is_none_is_refused(shop: Shop) -> None:
    shop.drop_day()
    path = shop.settings.home / "shop.toml"
    shop.land()
    text = path.read_text(encoding="utf-8").replace(
        'occurred_at = "at"', 'occurred_at = { column = "at", format = "%Q" }'
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"occurred_at.*%Q"):
        land_day(shop.warehouse, load_source(path), shop.settings.landing, DAY)


def test_a_file_that_changes_while_it_is_read_is_refused(shop: Shop) -> None:
    shop.drop_day()
    shop.land()
    source = load_source(shop.settings.home / "shop.toml")
    [file] = find_files(source, source.entities["events"], shop.folder, [DAY], lambda _: [])
    file.require_unchanged()
    shop.drop("events.csv", csv_text(EVENT_COLUMNS, GOOD, GOOD))
    with pytest.raises(SchemaError, match="changed while it was read"):
        file.require_unchanged()
    with pytest.raises(SchemaError, match="changed while it was read"):
        replace(file, path=file.path.with_name("gone.csv")).require_unchanged()


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    """The address of a web server that serves the shop's drops."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(shop.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_files_behind_a_url_land_under_an_address_without_its_secrets(shop: Shop, address: str) -> None:
    shop.drop_day()
    shop.land(events=address + "/{data_day}/events.csv?signature=secret")
    assert shop.column("select source_file from raw.events") == [f"{address}/2024-05-02/events.csv"]


def test_an_address_is_shown_without_user_password_and_query() -> None:
    assert shown("s3://key:secret@shop/2024/a.csv?signature=abc#part") == "s3://shop/2024/a.csv"


def test_a_missing_file_behind_a_url_is_named_without_its_secrets(shop: Shop, address: str) -> None:
    shop.drop_day()
    with pytest.raises(MissingFileError, match=f"{address}/2024-05-02/nothing.csv") as error:
        shop.land(events=address + "/{data_day}/nothing.csv?signature=secret")
    assert "secret" not in str(error.value)
    assert shop.is_empty()


def test_a_day_landed_over_three_connections_at_once_is_there_once(shop: Shop) -> None:
    shop.drop_day(*((f"e{number}", *GOOD[1:]) for number in range(100)))
    shop.land()
    source = load_source(shop.settings.home / "shop.toml")
    shop.warehouse.write("empty", lambda lake: [lake.execute(f"delete from raw.{t}") for t in ("events", "landings")])

    def land_alone(_: int) -> None:
        with open_warehouse(shop.settings) as own:
            land_day(own, source, shop.settings.landing, DAY)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(land_alone, range(3)))
    assert shop.warehouse.rows("select count(*), count(distinct event_id) from raw.events") == [(100, 100)]
    assert shop.column("select count(*) from raw.landings") == [3]
