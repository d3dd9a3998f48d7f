"""Maintenance makes the lake smaller and changes no row that anybody can still read."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from overture import maintaining
from overture.adapters.leftovers import Removal
from overture.adapters.warehouse import Warehouse, maintenance, open_warehouse
from overture.adapters.warehouse.data_files import remove_unfinished, unknown_files
from overture.adapters.warehouse.runs import snapshot_of_run
from overture.errors import UsageError, WarehouseError
from overture.settings import Settings

FIRST = date(2017, 11, 1)
TABLE = "marts.recommendations"
DAYS, TIMES = 3, 2
DAY = timedelta(days=1)


def publish(warehouse: Warehouse, day: date, number: int) -> str:
    """Replace a day's rows as a publish does; return the run's id."""
    run_id = f"run-{day}-{number}"
    rows = pa.table({"data_day": [day] * 20, "user_id": [f"u{n}" for n in range(20)], "rank": [number] * 20})

    def work(lake: Warehouse) -> None:
        lake.replace_day(TABLE, day, rows)
        lake.execute("insert into ops.log select ?, range from range(100)", [run_id])
        lake.execute("delete from ops.log where run_id = ? and number % 2 = 0", [run_id])
        lake.execute("call lake.set_commit_message('overture', ?, extra_info => ?)", [f"publish {day}", run_id])

    warehouse.write(f"publish {day}", work)
    return run_id


@pytest.fixture
def busy(warehouse: Warehouse) -> Warehouse:
    """A lake with several runs of several days, rows deleted and updated in their files, and a table dropped again."""
    warehouse.execute("create table ops.log (run_id varchar, number bigint)")
    warehouse.execute("create table ops.dropped as select 1 as number")
    for number in range(TIMES):
        for day in range(DAYS):
            publish(warehouse, FIRST + day * DAY, number)
    warehouse.execute("drop table ops.dropped")
    warehouse.execute("update ops.log set number = -number where number < 50")
    return warehouse


def snapshots(warehouse: Warehouse) -> list[tuple[int, datetime]]:
    return warehouse.rows("select snapshot_id, snapshot_time from ducklake_snapshots('lake') order by snapshot_id")


def content(warehouse: Warehouse, snapshot: int) -> list[object]:
    """Return what every table held in a snapshot: its count and a sum over its rows' hashes."""
    version = f"at (version => {snapshot})"
    return [
        warehouse.rows(f"select count(*), sum(hash(each)) from (select * from {table} {version}) as each")
        for table in (TABLE, "ops.log", "ops.write_locks")
    ]


def files(warehouse: Warehouse) -> list[Path]:
    return sorted(warehouse.settings.warehouse.rglob("*.parquet"))


def later() -> datetime:
    """A time at which every file written so far is old."""
    return datetime.now(UTC) + 10 * DAY


@pytest.mark.both_servers
def test_every_kept_run_reads_the_same_rows_after_all_jobs_and_the_lake_is_a_fraction_of_its_files(
    busy: Warehouse,
) -> None:
    runs = {run_id: snapshot_of_run(busy, run_id) for run_id in (f"run-{FIRST + n * DAY}-1" for n in range(DAYS))}
    middle = snapshots(busy)[len(snapshots(busy)) // 2][1]
    kept = [number for number, _ in snapshots(busy) if number >= min(runs.values())]
    before, files_before = {number: content(busy, number) for number in kept}, len(files(busy))

    assert maintenance.merge_small_files(busy, 0.3).count > 0
    assert {number: content(busy, number) for number in kept} == before
    assert maintenance.expire_snapshots(busy, middle).count > 0
    assert maintenance.delete_old_files(busy, later()).size > 0
    assert maintenance.delete_orphans(busy, later()).count == 0

    left = [number for number, _ in snapshots(busy) if number in before]
    assert len(left) >= 4
    assert {number: content(busy, number) for number in left} == {number: before[number] for number in left}
    assert all(content(busy, snapshot_of_run(busy, run)) == before[at] for run, at in runs.items() if at in left)
    assert unknown_files(busy.settings, busy.catalog.lake) == []

    maintenance.expire_snapshots(busy, later())
    maintenance.delete_old_files(busy, later())
    assert [number for number, _ in snapshots(busy)] == [max(number for number, _ in snapshots(busy))]
    assert content(busy, snapshots(busy)[0][0]) == before[kept[-1]]
    assert len(files(busy)) < files_before / 3
    # Each write of the lake leaves one row in a file of its own.
    assert len([path for path in files(busy) if path.parent.name == "write_locks"]) == 1


def test_a_lake_that_was_maintained_is_written_and_maintained_on(busy: Warehouse) -> None:
    for number in range(TIMES, TIMES + 2):
        maintenance.merge_small_files(busy, 0.3)
        maintenance.expire_snapshots(busy, later())
        maintenance.delete_old_files(busy, later())
        publish(busy, FIRST, number)
    assert busy.rows(f"select data_day, min(rank), count(*) from {TABLE} group by all order by all") == [
        (FIRST, TIMES + 1, 20),
        *((FIRST + day * DAY, TIMES - 1, 20) for day in range(1, DAYS)),
    ]


def test_a_state_is_kept_for_the_age_after_it_was_replaced_however_long_it_had_stood(warehouse: Warehouse) -> None:
    warehouse.execute("create table ops.log (run_id varchar, number bigint)")
    run_id = publish(warehouse, FIRST, 1)
    was_newest = snapshot_of_run(warehouse, run_id)
    quiet_until = datetime.now(UTC)
    publish(warehouse, FIRST, 2)
    maintenance.expire_snapshots(warehouse, quiet_until)
    assert min(number for number, _ in snapshots(warehouse)) == was_newest
    maintenance.expire_snapshots(warehouse, later())
    with pytest.raises(UsageError, match="nothing published by this run is kept"):
        snapshot_of_run(warehouse, run_id)


@pytest.mark.both_servers
def test_a_reader_in_an_open_transaction_loses_no_file_within_the_configured_time(busy: Warehouse) -> None:
    ages = maintaining.read_ages()
    with open_warehouse(busy.settings, read_only=True) as reader:
        reader.connection.execute("begin")
        seen = reader.rows(f"select count(*), sum(hash(each)) from {TABLE} as each")
        began = datetime.now(UTC)
        publish(busy, FIRST, 9)
        maintenance.merge_small_files(busy, 0.1)
        # Even were every snapshot but the newest beyond its age in this moment, its files wait.
        maintenance.expire_snapshots(busy, began + DAY)
        assert maintenance.delete_old_files(busy, began + DAY - ages.delete_after).count == 0
        maintenance.delete_old_files(busy, began)
        maintenance.delete_orphans(busy, began + DAY - ages.orphan)
        assert reader.rows(f"select count(*), sum(hash(each)) from {TABLE} as each") == seen
        assert maintenance.delete_old_files(busy, began + DAY).count > 0


def _be_killed_while_writing(settings: Settings, inside: Path) -> None:
    """Write a file without a commit, and wait to be killed."""

    def work(lake: Warehouse) -> None:
        lake.execute(f"insert into {TABLE} by name select ?::date as data_day, 'lost' as user_id", [FIRST])
        inside.touch()
        time.sleep(600)

    with open_warehouse(settings) as warehouse:
        warehouse.write("a write that never ends", work)


@pytest.fixture
def orphans(busy: Warehouse, tmp_path: Path) -> list[Path]:
    """The files of a writer that was killed amid its transaction."""
    before = set(files(busy))
    process = multiprocessing.get_context("spawn").Process(
        target=_be_killed_while_writing, args=(busy.settings, tmp_path / "inside")
    )
    process.start()
    _until((tmp_path / "inside").exists)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return sorted(set(files(busy)) - before)


@pytest.fixture
def planted(busy: Warehouse) -> Path:
    """A file that no commit knows, beside one that is read."""
    path = files(busy)[0].with_name("ducklake-planted.parquet")
    path.write_bytes(b"half")
    return path


@pytest.mark.both_servers
def test_files_of_a_killed_writer_are_found_and_go_once_they_are_old(busy: Warehouse, orphans: list[Path]) -> None:
    newest = snapshots(busy)[-1][0]
    before = content(busy, newest)
    known_to_ducklake = busy.rows(
        "call ducklake_delete_orphaned_files('lake', older_than => ?, dry_run => true)", [later()]
    )
    assert orphans
    assert [str(path) for path in orphans] == sorted(path for (path,) in known_to_ducklake)
    assert unknown_files(busy.settings, busy.catalog.lake) == orphans

    assert maintenance.delete_orphans(busy, datetime.now(UTC) - DAY).count == 0
    size = sum(path.stat().st_size for path in orphans)
    assert maintenance.delete_orphans(busy, later(), dry_run=True) == Removal(len(orphans), size)
    assert all(path.exists() for path in orphans)
    assert maintenance.delete_orphans(busy, later()) == Removal(len(orphans), size)
    assert not any(path.exists() for path in orphans)
    assert content(busy, newest) == before


def test_a_failed_write_takes_only_its_own_files_away(busy: Warehouse, planted: Path) -> None:
    began = datetime.now(UTC)
    half, strange = planted.with_name("ducklake-half.parquet"), planted.with_name("notes.parquet")
    for path in (half, strange):
        path.write_bytes(b"half of it")
        os.utime(path, (began.timestamp() + 1,) * 2)
    os.utime(planted, (began.timestamp() - 1,) * 2)
    assert remove_unfinished(busy.settings, busy.catalog.lake, began) == Removal(1, 10)
    assert (half.exists(), strange.exists(), planted.exists()) == (False, True, True)


def test_nothing_is_taken_for_left_over_where_a_file_of_the_lake_is_missing(busy: Warehouse, planted: Path) -> None:
    lost = Path(
        busy.rows("select data_file from ducklake_list_files('lake', 'recommendations', schema => 'marts')")[0][0]
    )
    lost.rename(lost.with_suffix(".elsewhere"))
    with pytest.raises(WarehouseError, match=f"a file of the lake is missing.*{lost.name}"):
        maintenance.delete_orphans(busy, later())
    assert planted.exists()


def test_a_folder_whose_name_looks_like_a_pattern_has_its_orphans_found(settings: Settings) -> None:
    from dataclasses import replace

    with open_warehouse(replace(settings, home=settings.home.with_name("home[2] *"))) as warehouse:
        orphan = files(warehouse)[0].with_name("ducklake-left.parquet")
        orphan.write_bytes(b"left")
        assert maintenance.delete_orphans(warehouse, later()) == Removal(1, 4)


def _until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
