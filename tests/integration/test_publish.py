import re
from datetime import date

import pyarrow as pa
import pytest

from overture import reporting
from overture.adapters.warehouse import Warehouse, fences, landing, publish, runs
from overture.adapters.warehouse.contracts import DIARIES, contracts
from overture.adapters.warehouse.query import query
from overture.errors import GateError, SupersededError, UsageError
from overture.run import Run
from overture.settings import Settings

DAY = date(2017, 11, 28)
STEPS = ("render_messages", "check_messages")


def a_run(warehouse: Warehouse, settings: Settings, run_id: str) -> Run:
    begun = runs.open_run(warehouse, DAY, run_id, "configuration")
    return Run(settings, DAY, None, begun.run_id, begun.token)


def fill_candidates(warehouse: Warehouse, *users: str) -> None:
    for table in set(contracts()) - DIARIES:
        rows = pa.table({"data_day": [DAY] * len(users)})
        if "user_id" in [column.name for column in contracts()[table].columns]:
            rows = rows.append_column("user_id", pa.array(users))
        warehouse.replace_day(f"candidate.{table}", DAY, rows)


def do(warehouse: Warehouse, run: Run, step: str, *, succeeds: bool = True) -> None:
    catalog = warehouse.catalog.lake
    attempt = fences.begin_step(catalog, run.day, step, run.token, run.run_id)
    if succeeds:
        fences.finish(catalog, attempt)


def make(warehouse: Warehouse, settings: Settings, run_id: str, *users: str) -> Run:
    run = a_run(warehouse, settings, run_id)
    fill_candidates(warehouse, *users)
    for step in STEPS:
        do(warehouse, run, step)
    return run


def publish_day(warehouse: Warehouse, run: Run) -> dict[str, int]:
    warehouse.attempt = fences.begin_step(warehouse.catalog.lake, run.day, "publish_day", run.token, run.run_id)
    return publish.publish_day(warehouse, run, STEPS, judged=("render_messages",))


def published(warehouse: Warehouse) -> list[str]:
    return [user for (user,) in warehouse.rows("select user_id from marts.messages order by 1")]


def test_readers_find_every_published_table_before_the_first_day_is_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    a_run(warehouse, settings, "run-1")
    for table in contracts():
        assert query(settings, f"select count(*) as n from marts.{table}").to_pylist() == [{"n": 0}]


def test_all_marts_of_a_day_become_visible_in_one_snapshot(warehouse: Warehouse, settings: Settings) -> None:
    run = make(warehouse, settings, "run-1", "a", "b")
    before = warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')")[0][0]
    counts = publish_day(warehouse, run)
    after = warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')")[0][0]
    assert after == before + 1
    assert counts == dict.fromkeys(set(contracts()) - DIARIES, 2)
    assert published(warehouse) == ["a", "b"]


def test_a_gate_that_refused_or_never_ran_keeps_the_day_unpublished(warehouse: Warehouse, settings: Settings) -> None:
    run = a_run(warehouse, settings, "run-1")
    fill_candidates(warehouse, "a")
    do(warehouse, run, "render_messages")
    with pytest.raises(GateError, match="not check_messages"):
        publish_day(warehouse, run)
    do(warehouse, run, "check_messages", succeeds=False)
    with pytest.raises(GateError, match="not check_messages"):
        publish_day(warehouse, run)
    assert published(warehouse) == []


def test_a_gate_that_an_earlier_run_passed_counts_for_nothing(warehouse: Warehouse, settings: Settings) -> None:
    publish_day(warehouse, make(warehouse, settings, "run-1", "a"))
    run = a_run(warehouse, settings, "run-2")
    fill_candidates(warehouse, "b")
    with pytest.raises(GateError, match="not render_messages"):
        publish_day(warehouse, run)
    assert published(warehouse) == ["a"]


def test_what_was_written_after_its_gate_passed_is_not_published(warehouse: Warehouse, settings: Settings) -> None:
    run = make(warehouse, settings, "run-1", "a")
    do(warehouse, run, "render_messages")
    with pytest.raises(GateError, match="check_messages"):
        publish_day(warehouse, run)
    do(warehouse, run, "check_messages")
    publish_day(warehouse, run)
    assert published(warehouse) == ["a"]


@pytest.mark.both_servers
def test_of_two_runs_of_a_day_only_the_newer_one_publishes(warehouse: Warehouse, settings: Settings) -> None:
    old = make(warehouse, settings, "run-1", "a")
    new = make(warehouse, settings, "run-2", "b")
    publish_day(warehouse, new)
    with pytest.raises(SupersededError, match="newer run"):
        publish_day(warehouse, old)
    assert published(warehouse) == ["b"]


def test_a_run_that_is_opened_again_supersedes_its_own_first_try(warehouse: Warehouse, settings: Settings) -> None:
    first = make(warehouse, settings, "run-1", "a")
    second = make(warehouse, settings, "run-1", "b")
    with pytest.raises(SupersededError):
        publish_day(warehouse, first)
    joined = runs.join_run(warehouse, settings, DAY, "run-1", None)
    assert joined.token == second.token > first.token
    publish_day(warehouse, joined)
    assert published(warehouse) == ["b"]


@pytest.mark.both_servers
def test_what_a_run_published_can_be_read_again_after_the_next_one(warehouse: Warehouse, settings: Settings) -> None:
    for run_id, user in (("run-1", "a"), ("run-2", "b")):
        publish_day(warehouse, make(warehouse, settings, run_id, user))
    sql = "select user_id from marts.messages"
    assert query(settings, sql).to_pylist() == [{"user_id": "b"}]
    assert query(settings, sql, as_of_run="run-1").to_pylist() == [{"user_id": "a"}]
    assert query(settings, sql, as_of_run="run-1").to_pylist() == [{"user_id": "a"}]
    with pytest.raises(UsageError, match="run-3"):
        query(settings, sql, as_of_run="run-3")


def test_the_report_counts_what_was_published_and_is_replaced_whole(warehouse: Warehouse, settings: Settings) -> None:
    landing.ensure_raw_tables(warehouse)
    for users in (["a", "b", "c"], ["a"]):
        run = make(warehouse, settings, f"run-of-{len(users)}", *users)
        publish_day(warehouse, run)
        page = reporting.write_report(run, warehouse).read_text(encoding="utf-8")
        assert re.search(rf"<bdi>marts\.messages</bdi></td><td class=\"n\">{len(users)}</td>", page)
        assert f"<code>run-of-{len(users)}</code>" in page
    folder = reporting.report_path(settings, DAY).parent
    assert sorted(path.relative_to(settings.reports).as_posix() for path in settings.reports.rglob("*.*")) == [
        f"{folder.name}/index.html",
        f"{folder.name}/metrics.prom",
        "index.html",
        "metrics.prom",
    ]
    assert 'overture_message_rung_ratio{rung="unknown"} 1.0' in (folder / "metrics.prom").read_text(encoding="utf-8")


def test_a_step_of_a_day_without_a_run_is_refused(warehouse: Warehouse, settings: Settings) -> None:
    with pytest.raises(UsageError, match="open_run"):
        runs.join_run(warehouse, settings, DAY, None, None)
