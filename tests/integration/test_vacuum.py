"""What the jobs of maintenance take away beside the lake's files: drafts, requests, and what kills left in the home."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest

from overture import maintaining
from overture.adapters.leftovers import Removal
from overture.adapters.warehouse import Warehouse, locks, maintenance
from overture.adapters.warehouse.runs import snapshot_of_run
from overture.errors import SettingsError, UsageError
from overture.maintaining import JOBS, do_job
from overture.settings import Settings

FIRST = date(2017, 11, 1)
DAY = timedelta(days=1)


def later() -> datetime:
    """A time at which every file written so far is old."""
    return datetime.now(UTC) + 10 * DAY


def store(warehouse: Warehouse, *drafts: tuple[str, str, str]) -> None:
    """Store drafts of an id, a model and a prompt."""
    warehouse.execute(
        "create table if not exists copy.drafts (draft_id varchar, model varchar, prompt_version varchar)"
    )
    for draft in drafts:
        warehouse.execute("insert into copy.drafts values (?, ?, ?)", draft)


def say(warehouse: Warehouse, day: date, model: str, draft_id: str | None) -> str:
    """Publish one message of a day; return the run's id."""
    run_id = f"run-{day}-{model}"
    row = {"data_day": [day], "user_id": ["u"], "model": [model], "prompt_version": ["p1"], "draft_id": [draft_id]}

    def work(lake: Warehouse) -> None:
        lake.replace_day("marts.messages", day, pa.table(row, schema=MESSAGE))
        lake.execute("call lake.set_commit_message('overture', ?, extra_info => ?)", [f"publish {day}", run_id])

    warehouse.write(f"publish {day}", work)
    return run_id


MESSAGE = pa.schema(
    [("data_day", pa.date32()), *((name, pa.string()) for name in ("user_id", "model", "prompt_version", "draft_id"))]
)


def drafts_left(warehouse: Warehouse) -> list[str]:
    return [draft for (draft,) in warehouse.rows("select draft_id from copy.drafts order by draft_id")]


def test_drafts_go_once_no_kept_message_is_of_their_model_and_they_are_old(warehouse: Warehouse) -> None:
    store(warehouse, ("a1", "former", "p1"), ("a2", "former", "p1"), ("b1", "newer", "p1"), ("b2", "newer", "p1"))
    store(warehouse, ("c1", "newer", "p0"), ("d1", "in use", "p2"))
    run_id = say(warehouse, FIRST, "former", "a1")
    say(warehouse, FIRST, "newer", "b1")
    stored = datetime.now(UTC)
    store(warehouse, ("e1", "young", "p1"))
    in_use = ("in use", "p2")

    # A run that is kept was written by the former model; a2 and b2 were tried for messages and may be asked for again.
    assert maintenance.vacuum_drafts(warehouse, stored, in_use, dry_run=True).count == 1
    assert maintenance.vacuum_drafts(warehouse, stored, in_use).count == 1
    assert drafts_left(warehouse) == ["a1", "a2", "b1", "b2", "d1", "e1"]

    snapshot = snapshot_of_run(warehouse, run_id)
    maintenance.expire_snapshots(warehouse, stored)
    assert maintenance.vacuum_drafts(warehouse, datetime.now(UTC), in_use).count == 3
    assert drafts_left(warehouse) == ["b1", "b2", "d1"]
    assert (snapshot,) not in warehouse.rows("select snapshot_id from ducklake_snapshots('lake')")


def test_a_run_that_is_read_again_still_has_the_drafts_of_its_time(warehouse: Warehouse) -> None:
    store(warehouse, ("a1", "former", "p1"))
    at = snapshot_of_run(warehouse, say(warehouse, FIRST, "template", None))
    assert maintenance.vacuum_drafts(warehouse, datetime.now(UTC), ("in use", "p2")).count == 1
    maintenance.delete_old_files(warehouse, later())
    assert drafts_left(warehouse) == []
    assert warehouse.rows(f"select draft_id from copy.drafts at (version => {at})") == [("a1",)]


def test_without_drafts_or_messages_there_is_nothing_to_vacuum(warehouse: Warehouse) -> None:
    assert maintenance.vacuum_drafts(warehouse, later(), ("in use", "p2")) == Removal(0, 0)


def put(path: Path, age: timedelta) -> Path:
    """Write a file of four bytes that is `age` old, and so are its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    moment = (datetime.now(UTC) - age).timestamp()
    for each in (path, path.parent, path.parent.parent):
        os.utime(each, (moment, moment))
    return path


LEFT = (
    "artifacts/factors/.2017-11-28.0123abcd/factors.npz",
    "artifacts/tuning/2017-11-28/.report.md.0123abcd",
    "scratch/duckdb_temp_storage_DEFAULT-0.tmp",
    "scratch/fetched-x/file",
    "landing/.shop.partial/2017-11-28/events.parquet",
    "models/.SmolLM2.4711/model.safetensors",
    "copy/2017-11-28/.requests.jsonl.4711",
    "copy/drafts/.drafts-2017-11-28.1-0-0001.jsonl.4711",
    "reports/2017-11-28/.index.html.4711",
)
IN_USE = (
    "artifacts/factors/2017-11-28/factors.npz",
    "artifacts/tuning/2017-11-28/.turn",
    "artifacts/tuning/2017-11-28/trials-0123abcd.jsonl",
    "landing/shop/2017-11-28/events.parquet",
    "models/SmolLM2/model.safetensors",
    "models/.conversion",
    "copy/2017-11-28/requests.jsonl",
    "copy/drafts/drafts-2017-11-28.1-0-0001.jsonl",
    "reports/2017-11-28/index.html",
)


def test_what_killed_processes_left_goes_once_it_is_old_and_nothing_that_has_its_name_goes(settings: Settings) -> None:
    kept = [put(settings.home / name, 9 * DAY) for name in IN_USE]
    left = [put(settings.home / name, 9 * DAY) for name in LEFT]
    now = datetime.now(UTC)
    assert do_job("remove_leftovers", settings, now - 8 * DAY).count == 0
    assert do_job("remove_leftovers", settings, now, dry_run=True) == Removal(len(LEFT), 4 * len(LEFT))
    assert all(path.exists() for path in left)
    assert do_job("remove_leftovers", settings, now) == Removal(len(LEFT), 4 * len(LEFT))
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


def test_a_link_is_removed_and_what_it_names_is_not(settings: Settings, tmp_path: Path) -> None:
    precious = put(tmp_path / "elsewhere" / "precious", 99 * DAY)
    settings.ensure_home()
    (settings.scratch / "link").symlink_to(precious.parent)
    do_job("remove_leftovers", settings, later())
    assert not (settings.scratch / "link").is_symlink()
    assert precious.exists()


def test_requests_and_shards_of_a_day_go_when_nobody_worked_on_the_day_for_long(settings: Settings) -> None:
    old = put(settings.copy / "2017-11-01" / "shards" / "drafts-0001.jsonl", 40 * DAY)
    put(settings.copy / "2017-11-01" / "requests.jsonl", 40 * DAY)
    worked_on = put(settings.copy / "2017-11-02" / "requests.jsonl", 40 * DAY)
    put(settings.copy / "2017-11-02" / "shards" / "drafts-0001.jsonl", DAY)
    assert do_job("remove_exchanges", settings, datetime.now(UTC)) == Removal(1, 8)
    assert not old.parent.parent.exists()
    assert worked_on.exists()


def test_each_job_has_the_write_lock_to_itself_and_a_dry_run_waits_for_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[locks.Holder | None] = []

    def look(turn: maintaining.Turn) -> Removal:
        with psycopg2.connect(turn.warehouse.catalog.lake) as session, session.cursor() as cursor:
            seen.append(locks.lock_holder(cursor))
        return Removal(0, 0)

    names = ("merge_small_files", "remove_leftovers")
    for name in names:
        monkeypatch.setitem(JOBS, name, look)
        do_job(name, settings, datetime.now(UTC))
        do_job(name, settings, datetime.now(UTC), dry_run=True)
    assert [holder and holder.purpose for holder in seen[::2]] == [f"maintenance, {name}" for name in names]
    assert seen[1::2] == [None] * len(names)


def test_a_job_that_does_not_exist_is_a_usage_error(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"no such job.*merge_small_files"):
        do_job("cleanup_all", settings, datetime.now(UTC))


@pytest.mark.parametrize(
    ("stated", "instead", "refused"),
    [
        ("keep_days = 30", "keep_days = 0", "keep_days.*from 1 on.*0"),
        ("delete_after_days = 2", "delete_after_days = 0.5", "delete_after_days.*from 1 on.*0.5"),
        ("orphan_days = 2", "orphan_days = -1", "orphan_days.*from 1 on"),
        ("leftover_days = 2", "leftover_days = true", "leftover_days.*a number"),
        ("unused_days = 30", "unused_days = 31", "unused_days.*at most snapshots.keep_days.*31"),
        ("rewrite_deleted_share = 0.3", "rewrite_deleted_share = 0.0", "rewrite_deleted_share.*above 0"),
        ("exchange_days = 30", "exchange_day = 30", "missing key.*exchange_days"),
        ("orphan_days = 2", "orphan_days = 2\nolder_than = 1", "unknown key.*older_than"),
    ],
)
def test_an_age_below_a_day_and_any_other_bad_value_is_refused(
    stated: str, instead: str, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = maintaining.CONFIG.read_text(encoding="utf-8")
    assert text.count(stated) == 1
    (tmp_path / "maintenance.toml").write_text(text.replace(stated, instead), encoding="utf-8")
    monkeypatch.setattr(maintaining, "CONFIG", tmp_path / "maintenance.toml")
    with pytest.raises(SettingsError, match=refused):
        maintaining.read_ages()
