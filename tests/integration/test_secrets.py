"""A password that the catalog needs is found in no file of the home, in no table and in no error."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from landing_shop import DAY, Shop
from overture.adapters.catalog_password import without_password
from overture.adapters.transform import build_layer
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.connection import lake_address
from overture.adapters.warehouse.query import query
from overture.adapters.warehouse.runs import open_run
from overture.errors import OvertureError
from overture.settings import Settings
from prove.postgresql import Server

PLANTED = r"hunter2:\ '@%"
STATED = {"currency": "EUR", "event_weights": {"purchase": 1.0}}


@pytest.fixture
def guarded(tmp_path: Path, debian: Server) -> Iterator[Settings]:
    """An empty home whose catalog lets in only who knows a password full of marks."""
    address = debian.database()
    with psycopg2.connect(address) as owner, owner.cursor() as cursor:
        cursor.execute("create role guarded superuser login password %s", (PLANTED,))
    home = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home"), "OVERTURE_THREADS": "1"})
    yield replace(home, catalog=make_dsn(address, user="guarded", password=PLANTED))
    owner.close()
    with psycopg2.connect(address) as owner, owner.cursor() as cursor:
        cursor.execute("reassign owned by guarded to current_user")
        cursor.execute("drop owned by guarded")
        cursor.execute("drop role guarded")
    owner.close()


def test_a_day_landed_and_built_leaves_the_password_in_no_file_and_no_table(guarded: Settings) -> None:
    with open_warehouse(guarded) as lake:
        shop = Shop(guarded, lake)
        shop.drop_day()
        shop.land()
        open_run(lake, DAY, "first", "none")
        assert "hunter2" not in str(lake.rows("select * from duckdb_databases()"))
        assert "hunter2" not in lake_address(lake.catalog)
    build_layer(guarded, "staging", DAY, STATED)
    assert query(guarded, "select event_id from staging.stg_shop__events").to_pylist() == [{"event_id": "e1"}]
    files = [path for path in guarded.home.rglob("*") if path.is_file()]
    assert any(path.name == "dbt.log" for path in files)
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []


def test_the_password_reaches_the_server_from_an_address_that_does_not_show_it(guarded: Settings) -> None:
    assert guarded.catalog is not None
    shown = without_password(guarded.catalog)
    assert "hunter2" not in shown
    psycopg2.connect(shown).close()
    refused = subprocess.run(
        [sys.executable, "-c", "import sys, psycopg2; psycopg2.connect(sys.argv[1])", shown],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no password supplied" in refused.stderr


def test_an_address_whose_file_was_closed_is_made_again(guarded: Settings) -> None:
    assert guarded.catalog is not None
    number = without_password(guarded.catalog).split("/proc/self/fd/")[1].split()[0]
    os.close(int(number))
    psycopg2.connect(without_password(guarded.catalog)).close()


@pytest.mark.parametrize(
    "broken",
    [
        "host=127.0.0.1 port=1 user=shop dbname=lake password=hunter2",
        "postgresql://shop:hunter2@127.0.0.1:1/lake",
        "postgresql://shop:hunter2@127.0.0.1:port/lake",
        "host=127.0.0.1 password hunter2",
        "hunter2",
    ],
)
def test_a_catalog_that_does_not_answer_or_is_none_is_refused_without_its_password(tmp_path: Path, broken: str) -> None:
    home = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home"), "OVERTURE_CATALOG": broken})
    for call in (lambda: query(home, "select 1"), lambda: build_layer(home, "staging", DAY, STATED)):
        with pytest.raises(OvertureError) as refused:
            call()
        error: BaseException | None = refused.value
        while error is not None:
            assert "hunter2" not in str(error)
            error = error.__cause__


def test_a_lake_that_fails_in_the_middle_says_so_without_the_password(guarded: Settings) -> None:
    with open_warehouse(guarded) as lake:
        lake.write("a table", lambda own: own.execute("create table marts.t as select 1 as a"))
        with psycopg2.connect(guarded.catalog) as owner, owner.cursor() as cursor:
            cursor.execute("alter role guarded nologin")
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        owner.close()
        with pytest.raises((duckdb.Error, OvertureError)) as failed:
            lake.rows("select * from marts.t")
    assert "hunter2" not in repr(failed.value)


def test_the_command_line_shows_no_secret_of_a_wrong_setting(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("overture")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    for name, value in (
        ("OVERTURE_CATALOGUE", "password=hunter2"),
        ("OVERTURE_CATALOG", "hunter2"),
        ("OVERTURE_CATALOG", "postgresql://shop:hunter2@127.0.0.1:1/lake"),
    ):
        variables = {**kept, "OVERTURE_HOME": str(tmp_path / "home"), name: value}
        ended = subprocess.run(
            [command, "query", "select 1"], env=variables, capture_output=True, text=True, check=False
        )
        assert ended.returncode in (1, 2)
        assert ended.stderr.count("\n") == 1
        assert name in ended.stderr
        assert "hunter2" not in ended.stderr
