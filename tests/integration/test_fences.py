"""Two tries at one thing: the older one loses its right to write, and the lock if it holds it."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest

from overture.adapters.processes import this_process
from overture.adapters.transform import build_layer
from overture.adapters.warehouse import Warehouse, fences, locks, open_warehouse, runs
from overture.adapters.warehouse.fences import Try
from overture.adapters.warehouse.sessions import catalog_cursor
from overture.errors import SupersededError, WarehouseError
from overture.settings import Settings

DAY, OTHER_DAY = date(2017, 11, 28), date(2017, 11, 29)
TABLE = "candidate.recommendations"


def one_row(user: str, day: date = DAY) -> pa.Table:
    return pa.table({"data_day": [day], "user_id": [user]})


def begin(warehouse: Warehouse, step: str, run: Try) -> Try:
    return fences.begin_step(warehouse.catalog.lake, run.day, step, run.token, "run")


def test_tokens_grow_over_runs_steps_and_days_and_past_those_of_an_older_home(warehouse: Warehouse) -> None:
    catalog = warehouse.catalog.lake
    first = fences.begin_run(catalog, DAY, "a")
    step = begin(warehouse, "rank_items", first)
    other = fences.begin_run(catalog, OTHER_DAY, "b", at_least=1000)
    assert first.token < step.token < 1000 < other.token
    assert (first.run_token, step.run_token) == (first.token, first.token)


def test_runs_that_nobody_named_have_ids_of_their_own(warehouse: Warehouse) -> None:
    first, second = (runs.open_run(warehouse, DAY, None, "configuration") for _ in range(2))
    assert first.run_id == f"command_line__2017-11-28__{first.token}"
    assert [row[0] for row in warehouse.rows("select run_id from ops.runs order by token")] == [
        first.run_id,
        second.run_id,
    ]


@pytest.mark.both_servers
def test_a_write_of_an_older_try_is_refused_and_nothing_changes(warehouse: Warehouse) -> None:
    run = fences.begin_run(warehouse.catalog.lake, DAY, "run")
    zombie = begin(warehouse, "rank_items", run)
    warehouse.attempt = begin(warehouse, "rank_items", run)
    warehouse.replace_day(TABLE, DAY, one_row("retry"))
    warehouse.attempt = zombie
    with pytest.raises(SupersededError, match=f"rank_items of 2017-11-28.*token {zombie.token};"):
        warehouse.replace_day(TABLE, DAY, one_row("zombie"))
    assert warehouse.rows(f"select user_id from {TABLE}") == [("retry",)]


def test_another_step_or_another_day_supersedes_nothing(warehouse: Warehouse) -> None:
    run = fences.begin_run(warehouse.catalog.lake, DAY, "run")
    warehouse.attempt = begin(warehouse, "rank_items", run)
    begin(warehouse, "train_factors", run)
    begin(warehouse, "rank_items", fences.begin_run(warehouse.catalog.lake, OTHER_DAY, "other"))
    warehouse.replace_day(TABLE, DAY, one_row("a"))
    assert warehouse.rows(f"select user_id from {TABLE}") == [("a",)]


def test_a_step_of_a_run_that_a_newer_one_of_its_day_follows_does_not_begin(
    warehouse: Warehouse, settings: Settings
) -> None:
    old = runs.open_run(warehouse, DAY, "old", "configuration")
    runs.open_run(warehouse, DAY, "new", "configuration")
    with pytest.raises(SupersededError, match="begin with its open_run"):
        fences.begin_step(warehouse.catalog.lake, DAY, "rank_items", old.token, "old")


def test_a_step_that_may_not_begin_takes_nothing_from_the_newer_runs_own_try(warehouse: Warehouse) -> None:
    catalog = warehouse.catalog.lake
    old, new = (fences.begin_run(catalog, DAY, run_id) for run_id in ("old", "new"))
    warehouse.attempt = begin(warehouse, "rank_items", new)
    with pytest.raises(SupersededError):
        begin(warehouse, "rank_items", old)
    warehouse.replace_day(TABLE, DAY, one_row("new"))
    assert warehouse.rows(f"select user_id from {TABLE}") == [("new",)]


def test_dbt_stops_at_the_next_model_once_another_writer_had_its_turn(warehouse: Warehouse, settings: Settings) -> None:
    from overture.adapters.warehouse.landing import ensure_raw_tables

    ensure_raw_tables(warehouse)
    stated = {"currency": "USD", "event_weights": {"purchase": 1.0}}
    build_layer(settings, "staging", DAY, stated)
    with warehouse.exclusive("dbt intermediate") as holder:
        warehouse.execute("update ops.write_locks set holder = 'somebody else'")
        before = warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')")
        for layer in ("staging", "intermediate"):
            with pytest.raises(SupersededError, match="somebody else"):
                build_layer(settings, layer, DAY, stated, holder)
        assert warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')") == before
        for layer in ("staging", "intermediate"):
            build_layer(settings, layer, DAY, stated, "somebody else")


@pytest.mark.parametrize("is_superseded", [True, False])
def test_a_write_whose_session_the_server_ends_says_why(warehouse: Warehouse, is_superseded: bool) -> None:
    catalog = warehouse.catalog.lake
    run = fences.begin_run(catalog, DAY, "run")
    warehouse.attempt = begin(warehouse, "rank_items", run)
    warehouse.replace_day(TABLE, DAY, one_row("before"))

    def work(lake: Warehouse) -> None:
        if is_superseded:
            begin(warehouse, "rank_items", run)
        end_lake_sessions(catalog)
        # DuckDB speaks of its own plan here (BinderException), not of the server.
        lake.execute(f"create table {TABLE}_copy as select * from {TABLE} where user_id = 'before'")

    with pytest.raises(SupersededError if is_superseded else WarehouseError, match=r"newer try|ended the session"):
        warehouse.write("work", work)


def end_lake_sessions(catalog: str) -> None:
    name = locks.lake_session_name(this_process())
    with catalog_cursor(catalog) as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = %s and datname = current_database()", (name,),
        )  # fmt: skip


def _write_when_told(settings: Settings, attempt: Try, inside: Path, go_on: Path, ended: Path) -> None:
    """Hold the lock inside a transaction until told to go on; note how the write ended."""
    with open_warehouse(settings) as warehouse:
        warehouse.attempt = attempt

        def work(lake: Warehouse) -> None:
            lake.execute(f"insert into {TABLE} by name select ?::date as data_day, 'zombie' as user_id", [DAY])
            inside.touch()
            while not go_on.exists():
                time.sleep(0.01)

        try:
            warehouse.write("zombie's work", work)
        except Exception as error:
            ended.write_text(type(error).__name__, encoding="utf-8")
        else:
            ended.write_text("written", encoding="utf-8")


@pytest.mark.both_servers
@pytest.mark.parametrize("who", ["a retry of its step", "a newer run of its day", "somebody who waits for another day"])
def test_a_stopped_holder_loses_the_lock_once_it_is_superseded(settings: Settings, tmp_path: Path, who: str) -> None:
    signs = [tmp_path / name for name in ("inside", "go_on", "ended")]
    with open_warehouse(settings) as warehouse:
        warehouse.ensure_table(TABLE)
        catalog = warehouse.catalog.lake
        run = fences.begin_run(catalog, DAY, "run")
        zombie = begin(warehouse, "rank_items", run)
        process = multiprocessing.get_context("spawn").Process(target=_write_when_told, args=(settings, zombie, *signs))
        process.start()
        _until(signs[0].exists)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        retry = (
            fences.begin_run(catalog, DAY, "new")
            if who == "a newer run of its day"
            else begin(warehouse, "rank_items", run)
        )
        is_stranger = who == "somebody who waits for another day"
        warehouse.attempt = fences.begin_run(catalog, OTHER_DAY, "other") if is_stranger else retry
        day = OTHER_DAY if is_stranger else DAY
        warehouse.replace_day(TABLE, day, one_row("retry", day))
        signs[1].touch()
        os.kill(process.pid, signal.SIGCONT)
        process.join()
        assert signs[2].read_text(encoding="utf-8") in {SupersededError.__name__, WarehouseError.__name__}
        assert warehouse.rows(f"select data_day, user_id from {TABLE}") == [(day, "retry")]


def test_who_waits_first_is_served_first(warehouse: Warehouse) -> None:
    catalog, served = warehouse.catalog.lake, list[int]()

    def wait_for_a_turn(number: int) -> None:
        with locks.write_lock(catalog, f"writer {number}"):
            served.append(number)

    writers = [threading.Thread(target=wait_for_a_turn, args=(number,)) for number in range(5)]
    with (
        psycopg2.connect(catalog) as session,
        session.cursor() as cursor,
        locks.write_lock(catalog, "the first"),
    ):
        session.autocommit = True
        for number, writer in enumerate(writers):
            writer.start()
            _until(lambda expected=number + 1: waiting(cursor) == expected)  # type: ignore[misc]
        assert served == []
    for writer in writers:
        writer.join()
    assert served == [0, 1, 2, 3, 4]


def waiting(cursor: Any) -> int:
    cursor.execute(
        "select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = %s", (locks.LOCK_KEY,)
    )
    return int(cursor.fetchone()[0])


def test_a_holder_that_is_not_superseded_keeps_the_lock_while_it_is_stopped(settings: Settings, tmp_path: Path) -> None:
    signs = [tmp_path / name for name in ("inside", "go_on", "ended")]
    with open_warehouse(settings) as warehouse:
        warehouse.ensure_table(TABLE)
        catalog = warehouse.catalog.lake
        attempt = begin(warehouse, "rank_items", fences.begin_run(catalog, DAY, "run"))
    process = multiprocessing.get_context("spawn").Process(target=_write_when_told, args=(settings, attempt, *signs))
    process.start()
    _until(signs[0].exists)
    with psycopg2.connect(str(settings.catalog)) as session, session.cursor() as cursor:
        holder = locks.lock_holder(cursor)
    assert holder is not None
    assert (holder.token, holder.purpose) == (attempt.token, "zombie's work")
    with (
        pytest.raises(locks.LockTimeoutError, match=f"held by zombie's work \\(process {process.pid}@"),
        locks.write_lock(str(settings.catalog), "mine", wait_seconds=2.5),
    ):
        pass
    signs[1].touch()
    process.join()
    assert signs[2].read_text(encoding="utf-8") == "written"


def _until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.02)
