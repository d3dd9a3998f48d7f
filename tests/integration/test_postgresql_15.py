"""A catalog on a server elsewhere: its version, its address and its password."""

from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.query import query
from overture.errors import WarehouseError
from overture.settings import Settings
from prove.postgresql import Server


@pytest.fixture
def elsewhere(tmp_path: Path, debian: Server) -> Settings:
    """An empty home whose lake stands in an empty database of that server."""
    return Settings.from_environment(
        {"OVERTURE_HOME": str(tmp_path / "home"), "OVERTURE_CATALOG": debian.database(), "OVERTURE_THREADS": "2"}
    )


def test_a_lake_is_made_and_read_over_tcp_on_version_15_and_no_embedded_server_is_started(elsewhere: Settings) -> None:
    with open_warehouse(elsewhere) as warehouse:
        warehouse.write("a row", lambda lake: lake.execute("create table marts.one as select 1 as n"))
    with psycopg2.connect(str(elsewhere.catalog)) as session:
        assert 150000 <= session.server_version < 160000
    session.close()
    assert query(elsewhere, "select n from marts.one").to_pylist() == [{"n": 1}]
    assert not elsewhere.postgres.exists()


def test_a_server_that_refuses_the_password_or_is_not_there_is_told_without_the_password(
    elsewhere: Settings, debian: Server
) -> None:
    assert elsewhere.catalog is not None
    wrong = elsewhere.catalog.replace(debian.password, "wrong-horse")
    nobody = elsewhere.catalog.replace(f"port={debian.port}", "port=1")
    for catalog, reason in ((wrong, "password authentication failed"), (nobody, "Connection refused")):
        for read_only in (True, False):
            with (
                pytest.raises(WarehouseError, match=f"the catalog does not answer.*{reason}") as caught,
                open_warehouse(replace(elsewhere, catalog=catalog), read_only=read_only),
            ):
                pass
            assert "wrong-horse" not in str(caught.value)
            assert debian.password not in str(caught.value)


def test_two_lakes_on_one_server_do_not_wait_for_each_other(
    elsewhere: Settings, debian: Server, tmp_path: Path
) -> None:
    neighbour = replace(elsewhere, home=tmp_path / "neighbour", catalog=debian.database())
    with open_warehouse(elsewhere) as mine, open_warehouse(neighbour) as theirs, mine.exclusive("long work"):
        assert theirs.write("short work", lambda lake: 1) == 1


def test_a_write_whose_sessions_the_server_ends_in_its_middle_is_done_again_whole(elsewhere: Settings) -> None:
    tries = []

    def work(lake: Warehouse) -> None:
        tries.append(lake.execute("insert into marts.one values (2)"))
        if len(tries) == 1:
            _end_all_sessions(elsewhere)

    with open_warehouse(elsewhere) as warehouse:
        warehouse.write("a row", lambda lake: lake.execute("create table marts.one as select 1 as n"))
        warehouse.write("another", work)
        assert warehouse.rows("select n from marts.one order by n") == [(1,), (2,)]
    assert len(tries) == 2


def test_an_open_lake_goes_on_after_its_server_was_started_again_between_two_writes(elsewhere: Settings) -> None:
    with open_warehouse(elsewhere) as warehouse:
        warehouse.write("a row", lambda lake: lake.execute("create table marts.one as select 1 as n"))
        _end_all_sessions(elsewhere)
        warehouse.write("another", lambda lake: lake.execute("insert into marts.one values (2)"))
        assert warehouse.rows("select n from marts.one order by n") == [(1,), (2,)]


def _end_all_sessions(settings: Settings) -> None:
    """Do to a lake's clients what a restart of its server does."""
    session = psycopg2.connect(str(settings.catalog))
    with session.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    session.close()
