import multiprocessing
import os
import signal
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.locks import write_lock
from overture.adapters.warehouse.query import query
from overture.errors import LockTimeoutError, UsageError, WarehouseError
from overture.settings import Settings

DAY = date(2017, 11, 28)
TABLE = "candidate.recommendations"


def recommendations(day: date, *users: str) -> pa.Table:
    return pa.table(
        {"data_day": [day] * len(users), "user_id": list(users), "rank": pa.array([1] * len(users), pa.int32())}
    )


def test_replacing_a_day_twice_leaves_its_last_rows_and_other_days_alone(warehouse: Warehouse) -> None:
    other = date(2017, 11, 27)
    warehouse.replace_day(TABLE, other, recommendations(other, "x"))
    warehouse.replace_day(TABLE, DAY, recommendations(DAY, "a", "b"))
    warehouse.replace_day(TABLE, DAY, recommendations(DAY, "c"))
    assert warehouse.rows(f"select data_day, user_id from {TABLE} order by all") == [(other, "x"), (DAY, "c")]


def test_a_column_outside_the_contract_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="favourite_colour"):
        warehouse.replace_day(TABLE, DAY, pa.table({"data_day": [DAY], "favourite_colour": ["red"]}))


def test_rows_of_another_day_are_refused_and_nothing_changes(warehouse: Warehouse) -> None:
    warehouse.replace_day(TABLE, DAY, recommendations(DAY, "a"))
    with pytest.raises(WarehouseError, match="another day"):
        warehouse.replace_day(TABLE, DAY, recommendations(date(2017, 11, 29), "b"))
    assert warehouse.rows(f"select user_id from {TABLE}") == [("a",)]


def test_a_column_that_a_contract_gains_is_added_and_old_rows_survive(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {TABLE} (data_day date, user_id varchar)")
    warehouse.execute(f"insert into {TABLE} values (?, 'old')", [DAY])
    warehouse.ensure_table(TABLE)
    assert warehouse.rows(f"select user_id, score from {TABLE}") == [("old", None)]


def test_what_fails_inside_a_write_leaves_nothing_behind(warehouse: Warehouse) -> None:
    warehouse.ensure_table(TABLE)

    def work(lake: Warehouse) -> None:
        lake.execute(f"insert into {TABLE} (data_day, user_id) values (?, 'half')", [DAY])
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        warehouse.write("test", work)
    assert warehouse.rows(f"select count(*) from {TABLE}") == [(0,)]


def _replace_again_and_again(settings: Settings, name: str, times: int) -> None:
    with open_warehouse(settings) as lake:
        for _ in range(times):
            lake.replace_day(TABLE, DAY, recommendations(DAY, *[f"{name}-{n}" for n in range(5)]))


def write_at_once(settings: Settings, processes: int, times: int) -> None:
    context = multiprocessing.get_context("spawn")
    names = [f"w{n}" for n in range(processes)]
    writers = [context.Process(target=_replace_again_and_again, args=(settings, name, times)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * processes


@pytest.mark.both_servers
def test_processes_that_replace_the_same_new_day_at_once_leave_one_copy(settings: Settings) -> None:
    with open_warehouse(settings) as lake:
        lake.ensure_table(TABLE)
    write_at_once(settings, processes=4, times=4)
    with open_warehouse(settings, read_only=True) as lake:
        rows = lake.rows(f"select user_id from {TABLE}")
    assert len(rows) == 5
    assert len({user.split("-")[0] for (user,) in rows}) == 1


def test_one_lake_is_made_when_processes_open_it_at_once(settings: Settings) -> None:
    write_at_once(settings, processes=3, times=1)
    with open_warehouse(settings, read_only=True) as lake:
        assert lake.rows("select count(*) from ops.write_locks") == [(1,)]


def _hold_the_lock(catalog: str, sign: Path) -> None:
    with write_lock(catalog, "long work"):
        sign.touch()
        time.sleep(600)


@pytest.mark.both_servers
def test_waiting_too_long_names_the_holder_and_its_death_frees_the_lock(settings: Settings, tmp_path: Path) -> None:
    with open_warehouse(settings):
        pass
    assert settings.catalog is not None
    sign = tmp_path / "held"
    holder = multiprocessing.get_context("spawn").Process(target=_hold_the_lock, args=(settings.catalog, sign))
    holder.start()
    while not sign.exists():
        time.sleep(0.02)
    with (
        pytest.raises(LockTimeoutError, match=f"held by long work \\(process {holder.pid}@"),
        write_lock(settings.catalog, "mine", wait_seconds=0.2),
    ):
        pass
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with write_lock(settings.catalog, "mine", wait_seconds=10):
        pass


def test_readers_see_the_day_before_or_after_a_write_and_never_between(settings: Settings) -> None:
    with open_warehouse(settings) as lake:
        lake.replace_day(TABLE, DAY, recommendations(DAY, *[f"first-{n}" for n in range(50)]))
        context = multiprocessing.get_context("spawn")
        writer = context.Process(target=_replace_again_and_again, args=(settings, "w", 10))
        writer.start()
        counts = set()
        while writer.is_alive():
            counts.add(lake.rows(f"select count(*), count(distinct split_part(user_id, '-', 1)) from {TABLE}")[0])
        writer.join()
    assert writer.exitcode == 0
    assert counts <= {(50, 1), (5, 1)}
    assert (50, 1) in counts


@pytest.mark.parametrize(
    "sql",
    [
        "delete from candidate.recommendations",
        "copy (select 1) to 'x.csv'",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "attach 'other.db'",
        "set enable_external_access = true",
        "select * from no_such_table",
        "",
    ],
)
def test_a_query_can_do_nothing_but_read_the_lake(warehouse: Warehouse, settings: Settings, sql: str) -> None:
    warehouse.replace_day(TABLE, DAY, recommendations(DAY, "a"))
    with pytest.raises(UsageError):
        query(settings, sql)
    assert query(settings, f"select user_id from {TABLE}").to_pylist() == [{"user_id": "a"}]


def test_a_query_before_the_first_run_finds_an_empty_lake(settings: Settings) -> None:
    assert query(settings, "select count(*) as n from ops.write_locks").to_pylist() == [{"n": 1}]
