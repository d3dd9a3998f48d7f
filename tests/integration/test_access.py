"""Attacks on what readers are given: queries, read-only connections, and the reader's role on the catalog's server."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg2
import pytest

from attacks import METADATA, SELECTIONS, STATEMENTS
from overture.adapters.catalog import connection_string, open_catalog
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.doors import require_reading
from overture.adapters.warehouse.query import query
from overture.errors import UsageError
from overture.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home with its own embedded server, one small table, and a secret that lies beside the lake."""
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path_factory.mktemp("access") / "home")})
    with open_catalog(settings), open_warehouse(settings) as lake:
        lake.write("a table", lambda own: own.execute("create table marts.t as select 1 as a"))
        (settings.home / "secret.csv").write_text("a,b\n1,hunter2\n", encoding="utf-8")
        (settings.warehouse / "stray.txt").write_text("not a table", encoding="utf-8")
        yield settings


@pytest.fixture
def untouched(home: Settings) -> Iterator[Settings]:
    """The same home; whatever the test did, its files and its catalog are as they were."""
    before = state(home)
    yield home
    assert state(home) == before


@pytest.fixture(scope="module")
def reader(home: Settings) -> Iterator[Warehouse]:
    with open_warehouse(home, read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def state(home: Settings) -> tuple[list[Path], list[object]]:
    files = sorted(path for path in home.home.rglob("*") if home.postgres not in path.parents)
    with open_catalog(home) as catalog, closing(psycopg2.connect(catalog.lake)) as owner, owner.cursor() as cursor:
        cursor.execute("select schemaname, relname, n_live_tup from pg_stat_user_tables order by 1, 2")
        tables = [row[:2] for row in cursor.fetchall()]
        cursor.execute("select max(snapshot_id) from public.ducklake_snapshot")
        snapshots = cursor.fetchall()
        cursor.execute("select count(*) from pg_largeobject_metadata")
        return files, [tables, snapshots, cursor.fetchall()]


@pytest.mark.parametrize("attack", [*STATEMENTS, *(f"select * from {source}" for source in SELECTIONS)])
def test_a_statement_that_does_more_than_read_the_lake_is_refused(
    parser: duckdb.DuckDBPyConnection, attack: str
) -> None:
    with pytest.raises(UsageError):
        require_reading(parser, attack)


def test_a_query_refuses_attacks_without_a_trace(untouched: Settings) -> None:
    settings = untouched  # a Python variable, which DuckDB would look for by the name of a table
    for attack in (
        STATEMENTS[1],
        STATEMENTS[-3],
        *(f"select * from {source}" for source in (*SELECTIONS[:9], "settings")),
    ):
        with pytest.raises(UsageError) as refused:
            query(untouched, attack.format(home=settings.home, warehouse=settings.warehouse))
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["getenv('HOME')", "current_setting('temp_directory')", "write_log('a')"])
def test_a_query_calls_no_function_that_tells_of_the_machine_or_leaves_something(
    untouched: Settings, name: str
) -> None:
    for attack in (f"select {name}", f"select 1 where {name} is not null", f"explain analyze select {name}"):
        with pytest.raises(UsageError, match="not for readers"):
            query(untouched, attack)


READINGS = [
    "from marts.t",
    "table lake.marts.t",
    "select a, count(*) over () from marts.t order by all limit 1;",
    "with recursive n as (select 1 as a union all select a + 1 from n where a < 3) select * from n",
    "select * from (with t as (select 1 as a), u as (select a from t) select * from u) join marts.t using (a)",
    "values (1)",
    "describe marts.t",
    "summarize marts.t",
    "show all tables",
    "explain analyze select * from marts.t",
    "select * from information_schema.tables",
    "select unnest(range(3)) as a",
    "select * from duckdb_columns() where schema_name = 'marts'",
    "select max(snapshot_id) as newest from lake.snapshots()",
    "select * from lake.current_snapshot()",
    "unpivot marts.t on a",
]


def test_every_kind_of_reading_is_answered(untouched: Settings, reader: Warehouse) -> None:
    for sql in READINGS:
        require_reading(reader.connection, sql)
        assert reader.connection.execute(sql).fetchall(), sql
    assert query(untouched, READINGS[0]).to_pylist() == [{"a": 1}]


def test_a_query_larger_than_its_memory_spills_although_other_files_are_closed(home: Settings) -> None:
    small = replace(home, memory_limit="60MB", threads=1)
    sql = "select count(*) as n from (select r.range, md5(r.range::varchar) as m from range(2000000) as r order by m)"
    assert query(small, sql).to_pylist() == [{"n": 2_000_000}]


# These hold for whoever has the connection itself: no look at the statement comes before.
HELD_BY_THE_CONNECTION = [
    *(each for each in STATEMENTS[:6] + STATEMENTS[9:11] + STATEMENTS[12:13] + STATEMENTS[15:17] if "temp" not in each),
    "install httpfs",
    "load httpfs",
    "set threads = 1",
    "reset enable_external_access",
    "set allowed_directories = ['/']",
    "select * from read_csv('{home}/secret.csv')",
    "select * from read_text('/etc/hostname')",
    "select * from '{home}/secret.csv'",
    "select * from duckdb_extensions()",
    f"select * from postgres_query('{METADATA}', 'select pg_read_file(''postgresql.conf'')')",
    f"select * from postgres_query('{METADATA}', 'select lo_create(0)')",
    f"select * from postgres_query('{METADATA}', 'select pg_advisory_lock(1)')",
    f"select * from postgres_query('{METADATA}', 'select * from overture.tries')",
    f"call postgres_execute('{METADATA}', 'commit; create table hole (a int)')",
    f"call postgres_execute('{METADATA}', 'commit; begin read write; delete from public.ducklake_snapshot')",
    f"insert into {METADATA}.public.ducklake_metadata (key, value) values ('a', 'b')",
    "select * from ducklake_expire_snapshots('lake', older_than => now())",
    "select * from ducklake_delete_orphaned_files('lake', cleanup_all => true)",
    "select * from settings",
]


@pytest.mark.parametrize("attack", HELD_BY_THE_CONNECTION)
def test_a_connection_that_reads_is_held_by_duckdb_and_the_catalog(
    home: Settings, reader: Warehouse, attack: str
) -> None:
    settings = home
    with pytest.raises(duckdb.Error):
        reader.connection.execute(attack.format(home=settings.home, warehouse=settings.warehouse)).fetchall()


@pytest.mark.parametrize("attack", sorted({*STATEMENTS} - {"begin", "pragma database_list"}))
def test_a_warehouse_that_reads_takes_only_selections(home: Settings, reader: Warehouse, attack: str) -> None:
    with pytest.raises((UsageError, duckdb.Error)):
        reader.execute(attack.format(home=home.home, warehouse=home.warehouse))


def test_all_attacks_on_a_connection_that_reads_leave_no_trace(untouched: Settings) -> None:
    settings = untouched
    with open_warehouse(settings, read_only=True) as reader:
        for attack in HELD_BY_THE_CONNECTION:
            with pytest.raises(duckdb.Error):
                reader.connection.execute(attack.format(home=settings.home, warehouse=settings.warehouse)).fetchall()


@pytest.mark.parametrize(
    "attack",
    [
        "create table public.hole (a int)",
        "create temp table hole (a int)",
        "insert into public.ducklake_metadata (key, value) values ('a', 'b')",
        "delete from public.ducklake_snapshot",
        "drop table public.ducklake_snapshot",
        "lock table public.ducklake_snapshot in exclusive mode",
        "select pg_read_file('postgresql.conf')",
        "copy (select 1) to program 'true'",
        "select lo_create(0)",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_xact_lock_shared(1)",
        "set role postgres",
        "select rolpassword from pg_authid",
        "create role other",
    ],
)
def test_the_role_of_readers_can_do_nothing_but_read(home: Settings, attack: str) -> None:
    with open_catalog(home) as catalog, closing(psycopg2.connect(catalog.reader)) as reader:
        reader.set_session(readonly=False)
        with reader.cursor() as cursor:
            cursor.execute("select count(*) from public.ducklake_snapshot")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(attack)


@pytest.mark.parametrize("database", ["airflow", "airflow_run", "postgres"])
def test_the_role_of_readers_reaches_no_other_database(home: Settings, database: str) -> None:
    with open_catalog(home) as catalog:
        assert catalog.socket is not None
        address = connection_string(catalog.socket, database, "overture_reader")
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(address)


def test_tables_that_the_lake_makes_later_are_read_too(home: Settings) -> None:
    def make(lake: Warehouse) -> None:
        lake.execute("create table marts.later as select 7 as a")

    with open_warehouse(home) as lake:
        lake.write("later", make)
    assert query(home, "from marts.later").to_pylist() == [{"a": 7}]
