import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from overture.adapters.catalog import catalog_is_up, open_catalog
from overture.adapters.turns import turn
from overture.adapters.warehouse import open_warehouse
from overture.errors import HomeError
from overture.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home")})
    yield settings
    with open_catalog(settings):
        pass


def _stay(settings: Settings, sign: Path) -> None:
    with open_warehouse(settings):
        sign.touch()
        time.sleep(600)


def test_the_server_starts_with_its_first_user_and_stops_with_its_last(home: Settings) -> None:
    with open_catalog(home):
        with open_catalog(home):
            assert catalog_is_up(home)
        assert catalog_is_up(home)
    assert not catalog_is_up(home)


def test_the_server_survives_a_user_that_is_killed_and_serves_the_next(home: Settings, tmp_path: Path) -> None:
    sign = tmp_path / "open"
    user = multiprocessing.get_context("spawn").Process(target=_stay, args=(home, sign))
    user.start()
    while not sign.exists():
        time.sleep(0.05)
    assert user.pid is not None
    os.kill(user.pid, signal.SIGKILL)
    user.join()
    with open_warehouse(home) as warehouse:
        assert warehouse.rows("select count(*) from ops.write_locks") == [(1,)]
    assert not catalog_is_up(home)


def test_a_kill_amid_the_list_of_processes_does_not_keep_the_server_from_starting(home: Settings) -> None:
    with open_catalog(home):
        pass
    for kept in ("", "[12"):
        (home.postgres / ".handle_pids.json").write_text(kept, encoding="utf-8")
        with open_catalog(home):
            assert catalog_is_up(home)


def test_a_kill_while_the_servers_data_are_made_leaves_a_home_that_works(home: Settings) -> None:
    home.ensure_home()
    unfinished = home.home / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n", encoding="utf-8")
    with open_catalog(home) as catalog, psycopg2.connect(catalog.lake) as session, session.cursor() as cursor:
        cursor.execute("show max_connections")
        assert cursor.fetchone() == ("300",)
    assert not unfinished.exists()


LINES = "{pid}\n{data}\n1795546740\n5432\n\n\n  2739197   1703962\n"
"""What postmaster.pid holds while initdb works, and of a server until it is ready: no eighth line."""


@pytest.mark.parametrize(
    ("folder", "number"),
    [("postgres", "{dead}"), ("postgres", ""), ("postgres.unfinished", "-{dead}"), ("postgres.unfinished", "-{alive}")],
)
def test_a_kill_amid_the_making_or_the_start_of_a_server_leaves_a_home_that_works(
    home: Settings, folder: str, number: str
) -> None:
    data = home.home / folder
    if data == home.postgres:
        with open_catalog(home):
            pass
    data.mkdir(parents=True, exist_ok=True)
    # A process that works on the data, as initdb's do, and the number of one that is over.
    left, gone = subprocess.Popen(["sleep", "600"], cwd=data), subprocess.Popen(["true"])
    gone.wait()
    pid = number.format(dead=gone.pid, alive=left.pid)
    (data / "postmaster.pid").write_text(LINES.format(pid=pid, data=data), encoding="ascii")
    with open_catalog(home):
        assert catalog_is_up(home)
    assert (left.poll() is not None) == ("alive" in number)
    left.kill()
    left.wait()


@pytest.mark.parametrize("name", ["a b", "a'b", "a$(touch made)b"])
def test_a_home_whose_path_a_shell_would_read_otherwise_is_refused_before_anything_is_made(
    tmp_path: Path, name: str
) -> None:
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / name)})
    with pytest.raises(HomeError, match=r"no path for the embedded server.*OVERTURE_CATALOG"), open_catalog(settings):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_inherits_the_lease_keeps_the_server_up(home: Settings) -> None:
    with open_catalog(home) as catalog:
        assert catalog.lease is not None
        child = subprocess.Popen(["sleep", "600"], pass_fds=[catalog.lease])
    assert catalog_is_up(home)
    child.kill()
    child.wait()
    with open_catalog(home):
        pass
    assert not catalog_is_up(home)


def _hold_the_turn(settings: Settings, sign: Path) -> None:
    with turn(settings.home / "postgres.turn"):
        sign.touch()
        time.sleep(600)


def test_a_process_that_is_stopped_in_its_turn_keeps_nobody_from_a_server_that_runs(
    home: Settings, tmp_path: Path
) -> None:
    sign = tmp_path / "held"
    with open_catalog(home) as first:
        holder = multiprocessing.get_context("spawn").Process(target=_hold_the_turn, args=(home, sign))
        holder.start()
        while not sign.exists():
            assert holder.is_alive()
            time.sleep(0.02)
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGSTOP)
        with open_catalog(home) as second:
            assert second.lake == first.lake
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()


def _make_a_table(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create table ops.kept as select 7 as n")


def test_a_home_that_is_moved_finds_its_tables_in_its_new_place_and_writes_there(home: Settings) -> None:
    _make_a_table(home)
    place = home.home.rename(home.home.with_name("elsewhere"))
    moved = replace(home, home=place)
    with open_warehouse(moved, read_only=True) as warehouse:
        assert warehouse.rows("select n from ops.kept") == [(7,)]
    with open_warehouse(moved) as warehouse:
        warehouse.execute("insert into ops.kept values (8)")
        assert warehouse.rows("select n from ops.kept order by n") == [(7,), (8,)]
    assert not home.home.exists()


def test_a_home_that_is_copied_while_its_server_runs_starts_one_of_its_own(home: Settings) -> None:
    _make_a_table(home)
    with open_warehouse(home) as warehouse:
        copied = replace(home, home=home.home.with_name("copy"))
        subprocess.run(["cp", "-a", home.home, copied.home], check=True)
        with open_warehouse(copied) as other:
            other.execute("insert into ops.kept values (8)")
            assert other.rows("select count(*) from ops.kept") == [(2,)]
        assert warehouse.rows("select count(*) from ops.kept") == [(1,)]


def test_a_server_elsewhere_that_knows_another_home_s_files_is_refused(settings: Settings, tmp_path: Path) -> None:
    with open_warehouse(settings):
        pass
    with (
        pytest.raises(HomeError, match=f"another home's catalog; where: OVERTURE_HOME; .*{settings.warehouse}"),
        open_warehouse(replace(settings, home=tmp_path / "other")),
    ):
        pass


def test_a_server_that_cannot_start_is_reported_in_one_line_that_names_its_log(home: Settings) -> None:
    with open_catalog(home):
        pass
    with (home.postgres / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    command = [Path(sys.executable).with_name("overture"), "query", "select 1"]
    environment = {**os.environ, "OVERTURE_HOME": str(home.home)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    (home.postgres / "postgresql.conf").write_text("", encoding="utf-8")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith(
        f"overture: the catalog's server did not start; where: {home.postgres / 'log'}; got: "
    )
