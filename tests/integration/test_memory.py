"""Work that is larger than DuckDB's memory limit: it spills and finishes, or says what to do and harms nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from landing_shop import DAY, EVENT_COLUMNS, Shop
from overture.adapters.sources import load_source
from overture.adapters.transform import build_layer
from overture.adapters.warehouse import open_warehouse, runs
from overture.adapters.warehouse.fingerprint import fingerprint_of_day
from overture.adapters.warehouse.landing import land_day
from overture.adapters.warehouse.query import query
from overture.adapters.warehouse.shortages import shortage
from overture.errors import HomeError, WarehouseError
from overture.settings import Settings

EVENTS = 400_000
TIGHT, TOO_TIGHT = "120MB", "32MB"
STATED = {"currency": "EUR", "event_weights": {"purchase": 1.0}}
WHAT_TO_DO = rf"out of memory; where: OVERTURE_MEMORY_LIMIT={TOO_TIGHT}.*; expected: a greater limit, or fewer threads"
MANY = (
    "select md5(n::varchar) as id, 'u' || n % 5000 as user, 'i' || n % 300 as item, 'purchase' as what,"
    f" timestamp '{DAY}' + to_seconds(n % 86400) as at, 1 as pieces, 2.5 as paid from range({EVENTS}) as _(n)"
)


@dataclass
class Spilled:
    """The most bytes that lay in DuckDB's temporary files at once."""

    most: int = 0


@contextmanager
def spilling(settings: Settings) -> Iterator[Spilled]:
    """Watch the scratch folder while the block runs."""
    seen, ended = Spilled(), threading.Event()

    def size(path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0

    def watch() -> None:
        while not ended.wait(0.005):
            seen.most = max(seen.most, sum(map(size, settings.scratch.rglob("duckdb_temp_storage*"))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


@pytest.fixture(scope="module")
def busy_shop(module_settings: Settings) -> Settings:
    """A home with a drop of many events, its source in `shop.toml`, and one published message; tight of memory."""
    with open_warehouse(module_settings) as warehouse:
        shop = Shop(module_settings, warehouse)
        shop.drop_day()
        shop.land()
        runs.open_run(warehouse, DAY, "published before", "configuration")
        message = {"data_day": [DAY], "user_id": ["u1"], "text": ["Tea."]}
        warehouse.replace_day("marts.messages", DAY, pa.table(message))
        drop = shop.drop("events.parquet", "")
        duckdb.execute(f"copy ({MANY}) to '{drop}' (format parquet)")
        source = module_settings.home / "shop.toml"
        text = source.read_text(encoding="utf-8").replace("events.csv", "events.parquet")
        source.write_text(text.replace('format = "csv"', 'format = "parquet"', 1), encoding="utf-8")
        assert set(EVENT_COLUMNS) == {column for column, *_ in duckdb.execute(f"describe {MANY}").fetchall()}
    return replace(module_settings, memory_limit=TIGHT, threads=1)


@pytest.fixture(scope="module")
def staged(busy_shop: Settings) -> Settings:
    """The same home with the drop landed and its staging views made."""
    if rows(busy_shop, "raw.events") != EVENTS:
        land(busy_shop)
    build_layer(busy_shop, "staging", DAY, STATED)
    return busy_shop


def land(settings: Settings) -> int:
    """Land the drop and return how many events were taken."""
    with open_warehouse(settings) as warehouse:
        report = land_day(warehouse, load_source(settings.home / "shop.toml"), settings.landing, DAY)
    return report.entities["events"].landed


def fingerprints(settings: Settings) -> dict[str, str]:
    found = fingerprint_of_day(settings, DAY).to_pylist()
    assert sum(row["rows"] for row in found) == 1
    return {row["table_name"]: row["fingerprint"] for row in found}


def rows(settings: Settings, table: str) -> int:
    return int(query(settings, f"select count(*) as n from {table}").to_pylist()[0]["n"])


def test_a_landing_without_memory_says_what_to_do_and_leaves_what_was_landed_and_published(busy_shop: Settings) -> None:
    before, landed = fingerprints(busy_shop), rows(busy_shop, "raw.events")
    with pytest.raises(WarehouseError, match=WHAT_TO_DO):
        land(replace(busy_shop, memory_limit=TOO_TIGHT))
    assert rows(busy_shop, "raw.events") == landed == 1
    assert fingerprints(busy_shop) == before


def test_a_landing_that_is_larger_than_the_memory_limit_spills_and_finishes(busy_shop: Settings) -> None:
    with spilling(busy_shop) as spilled:
        assert land(busy_shop) == EVENTS
    assert spilled.most > 2**20
    assert list(busy_shop.scratch.rglob("duckdb_temp*")) == []


def test_a_dbt_build_without_memory_says_what_to_do_and_leaves_what_was_published(staged: Settings) -> None:
    before = fingerprints(staged)
    with pytest.raises(WarehouseError, match=WHAT_TO_DO):
        build_layer(replace(staged, memory_limit=TOO_TIGHT), "intermediate", DAY, STATED)
    assert fingerprints(staged) == before


def test_a_dbt_build_that_is_larger_than_the_memory_limit_spills_and_finishes(staged: Settings) -> None:
    with spilling(staged) as spilled:
        build_layer(staged, "intermediate", DAY, STATED)
    assert spilled.most > 2**20
    assert rows(staged, "intermediate.int_events_cleaned") == EVENTS


def test_a_query_without_memory_says_what_to_do(staged: Settings) -> None:
    tight = replace(staged, memory_limit=TOO_TIGHT)
    with pytest.raises(WarehouseError, match=WHAT_TO_DO):
        query(tight, "select max(len(everything)) from (select list(event_id) as everything from raw.events) as listed")


def test_spilled_rows_that_the_disk_has_no_room_for_are_a_full_disk(tmp_path: Path, settings: Settings) -> None:
    connection = duckdb.connect(config={"memory_limit": "30MB", "threads": "1", "temp_directory": str(tmp_path)})
    connection.execute("set max_temp_directory_size = '1MB'")
    with pytest.raises(duckdb.OutOfMemoryException) as caught:
        connection.execute("create table t as select n, md5(n::varchar) as t from range(3000000) as _(n) order by t")
    told = shortage(str(caught.value), settings)
    assert isinstance(told, HomeError)
    assert str(told).startswith(f"the disk is full; where: {settings.home}; expected: free space")


def test_a_failure_for_another_reason_is_no_shortage(settings: Settings) -> None:
    assert shortage("Conversion Error: could not convert 'memory'", settings) is None
