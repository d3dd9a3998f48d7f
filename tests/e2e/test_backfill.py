"""Three days of the bundled source, backfilled under the scheduler two at a time with the real language model."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.errors import OrchestrationError, UsageError
from overture.orchestration import server
from overture.orchestration.airflow_environment import HOST
from overture.orchestration.api import Api
from overture.orchestration.backfill import Order, backfill
from overture.orchestration.credentials import USER
from overture.settings import Settings
from prove.line import give_drafts

pytestmark = pytest.mark.slow

FIRST, LAST = date(2017, 1, 16), date(2017, 1, 18)
DAYS = [date(2017, 1, day) for day in (16, 17, 18)]
USERS = 12
COUNTS = "select cast(data_day as varchar) as day, strategy, count(*) as n from marts.recommendations group by all"
Rows = dict[date, dict[str, list[tuple[Any, ...]]]]


@dataclass
class Scheduled:
    """A home under the scheduler, and what was seen of it while its backfill went on."""

    settings: Settings
    runs: dict[date, str]
    answers: list[list[dict[str, Any]]] = field(default_factory=list)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)


def overture(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    environment["OVERTURE_HOME"] = str(settings.home)
    command = [str(Path(sys.executable).with_name("overture")), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def rows_of(settings: Settings) -> Rows:
    """Every published row by day and table, but for the costs, which are seconds."""
    tables = sorted(set(contracts()) - {"run_costs"})
    with open_warehouse(settings, read_only=True) as warehouse:
        return {
            day: {
                table: sorted(warehouse.rows(f"select * from marts.{table} where data_day = ?", [day]), key=repr)
                for table in tables
            }
            for day in DAYS
        }


def span_of(settings: Settings, run_id: str) -> tuple[datetime, datetime]:
    """When the run's first task began and its last one ended."""
    path = f"/api/v2/dags/{server.DAG_ID}/dagRuns/{quote(run_id)}/taskInstances"
    tasks = server.connect(settings).call("GET", path)["task_instances"]
    return (
        min(datetime.fromisoformat(task["start_date"]) for task in tasks),
        max(datetime.fromisoformat(task["end_date"]) for task in tasks),
    )


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduled]:
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path_factory.mktemp("scheduled") / "home")})
    try:
        server.up(settings)
        answers: list[list[dict[str, Any]]] = []

        def ask(_: str) -> None:
            done = overture(settings, "query", COUNTS, "--format", "json")
            answers.append([json.loads(line) for line in done.stdout.splitlines()] or [{"error": done.stderr}])

        found = Scheduled(settings, backfill(settings, Order(FIRST, LAST, USERS), tell=ask), answers)
        found.spans += [span_of(settings, run_id) for run_id in found.runs.values()]
        yield found
    finally:
        server.down(settings)


@pytest.fixture(scope="module")
def rows(scheduled: Scheduled) -> Rows:
    return rows_of(scheduled.settings)


def test_both_ends_of_the_range_are_made_and_published(scheduled: Scheduled, rows: Rows) -> None:
    assert sorted(scheduled.runs) == DAYS
    for day in DAYS:
        assert len(rows[day]["messages"]) == USERS
        assert len(rows[day]["recommendations"]) >= 10 * USERS
        assert {row for row in rows[day]["validations"] if row[4] is False} == set()


def test_two_days_went_on_at_a_time_and_never_three(scheduled: Scheduled) -> None:
    going_on = [sum(begin <= moment < end for begin, end in scheduled.spans) for moment, _ in scheduled.spans]
    assert max(going_on) == 2


def test_every_task_of_every_day_told_openlineage_of_its_start_and_its_end(scheduled: Scheduled) -> None:
    lines = (scheduled.settings.lineage / "events.jsonl").read_text(encoding="utf-8").splitlines()
    told = Counter()
    for event in map(json.loads, lines):
        if event["job"]["name"] == f"{server.DAG_ID}.publish_day":
            told[event["run"]["facets"]["airflow"]["dagRun"]["run_id"], event["eventType"]] += 1
    assert {told[run_id, kind] for run_id in scheduled.runs.values() for kind in ("START", "COMPLETE")} == {1}


def test_the_tables_answer_while_the_backfill_goes_on(scheduled: Scheduled) -> None:
    assert len(scheduled.answers) == 3
    days_seen = [{answer.get("day") for answer in answers} for answers in scheduled.answers]
    assert 1 <= len(days_seen[0]) < 3
    assert days_seen[-1] == {str(day) for day in DAYS}


def test_a_day_is_the_same_as_when_it_is_run_alone(scheduled: Scheduled, rows: Rows, tmp_path: Path) -> None:
    alone, day = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home")}), DAYS[1]
    # A draft is an input that is stored, never one that is made again alike.
    give_drafts(scheduled.settings, alone)
    done = overture(alone, "run", "--day", str(day), "--users", str(USERS))
    assert done.returncode == 0, done.stderr
    repeated = rows_of(alone)[day]
    for table, expected in rows[day].items():
        assert repeated[table] == expected, f"{table} of {day}"
    with open_warehouse(alone, read_only=True) as warehouse:
        assert warehouse.rows("select sum(drafts_made) from marts.run_costs where step = 'write_copy'") in (
            [(0,)],
            [(None,)],
        )


def test_a_day_that_is_none_fails_at_once_and_writes_nothing(scheduled: Scheduled, rows: Rows) -> None:
    api = server.connect(scheduled.settings)
    runs = f"/api/v2/dags/{server.DAG_ID}/dagRuns"
    made = api.call("POST", runs, {"logical_date": None, "conf": {"day": "2026-99-99"}})
    path = f"{runs}/{quote(made['dag_run_id'])}"
    while (state := api.call("GET", path)["state"]) not in ("success", "failed"):
        time.sleep(0.5)
    tasks = {task["task_id"]: task for task in api.call("GET", f"{path}/taskInstances")["task_instances"]}
    assert state == "failed"
    assert tasks["await_landing"]["state"] == "failed"
    assert tasks["await_landing"]["try_number"] == 1
    assert tasks["open_run"]["state"] == "upstream_failed"
    assert rows_of(scheduled.settings) == rows


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/v2/dags/{server.DAG_ID}/dagRuns"),
        ("POST", f"/api/v2/dags/{server.DAG_ID}/dagRuns"),
        ("POST", "/api/v2/backfills"),
        ("GET", "/api/v2/connections"),
        ("GET", "/api/v2/variables"),
        ("GET", "/ui/config"),
    ],
)
def test_airflow_answers_no_stranger(scheduled: Scheduled, method: str, path: str) -> None:
    api = server.connect(scheduled.settings)
    stranger = http.client.HTTPConnection(HOST, api.port, timeout=30)
    for header in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic YWRtaW46YWRtaW4="}):
        stranger.request(
            method, path, "{}" if method == "POST" else None, {"Content-Type": "application/json", **header}
        )
        answer = stranger.getresponse()
        answer.read()
        assert answer.status in (401, 403)
    stranger.close()


def test_no_task_hands_a_value_on(scheduled: Scheduled) -> None:
    api = server.connect(scheduled.settings)
    for run_id in scheduled.runs.values():
        path = f"/api/v2/dags/{server.DAG_ID}/dagRuns/{quote(run_id)}/taskInstances/~/xcomEntries"
        assert api.call("GET", path)["xcom_entries"] == []


def test_a_backfill_needs_a_range_and_a_running_airflow(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty range"):
        Order(LAST, FIRST)
    with pytest.raises(UsageError, match="not up"):
        backfill(Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home")}), Order(FIRST, LAST))


def test_a_backfill_beyond_the_source_names_the_day_and_the_task(scheduled: Scheduled) -> None:
    with pytest.raises(OrchestrationError, match=r"1 of 1 days failed.*open_run of 2016-12-31"):
        backfill(scheduled.settings, Order(date(2016, 12, 31), date(2016, 12, 31), at_a_time=5))
    path = f"/api/v2/backfills?dag_id={server.DAG_ID}&order_by=-id&limit=1"
    (newest,) = server.connect(scheduled.settings).call("GET", path)["backfills"]
    assert newest["max_active_runs"] == 5


def wait_for(api: Api, path: str, wanted: str, but: str) -> None:
    while (found := api.call("GET", path)["state"]) != wanted:
        assert found != but, path
        time.sleep(0.5)


def answer_until_published(api: Api, run: str, said: dict[str, Any]) -> None:
    """Answer, and answer again where Airflow asks again, until the run is over.

    An answer in the second of the question finds the asking process alive still: when that ends, the scheduler takes
    the task, which is queued by then, for killed, and tries it once more.
    """
    task = f"{run}/taskInstances/await_approval"
    while (state := api.call("GET", run)["state"]) != "success":
        assert state != "failed", run
        is_asking = api.call("GET", task)["state"] == "awaiting_input"
        if is_asking and not api.call("GET", f"{task}/-1/hitlDetails")["response_received"]:
            api.call("PATCH", f"{task}/-1/hitlDetails", said)
        time.sleep(0.5)


def test_a_day_that_somebody_is_to_see_waits_and_is_published_as_was_answered(scheduled: Scheduled) -> None:
    api, day = server.connect(scheduled.settings), DAYS[-1]
    runs = f"/api/v2/dags/{server.DAG_ID}/dagRuns"
    asked = {"day": str(day), "users": USERS, "approve": USERS}
    run_id = api.call("POST", runs, {"logical_date": None, "conf": asked})["dag_run_id"]
    run = f"{runs}/{quote(run_id)}"
    wait_for(api, f"{run}/taskInstances/await_approval", "awaiting_input", but="upstream_failed")
    shown = api.call("GET", f"{run}/taskInstances/await_approval/-1/hitlDetails")
    edited, rejected = sorted(name for name in shown["params"] if name.startswith("draft_"))[:2]
    answer = {edited: "For a quiet evening at home, think of {title}.", rejected.replace("draft", "message"): "reject"}
    said = {"chosen_options": ["Publish"], "params_input": answer | {"why": "{{ 7*7 }} too loud"}}
    answer_until_published(api, run, said)
    with open_warehouse(scheduled.settings, read_only=True) as warehouse:
        decided = warehouse.rows("select decision, why, decided_by from ops.approvals where run_id = ?", [run_id])
        messages = warehouse.rows("select draft_id, engine, text from marts.messages where data_day = ?", [day])
        recalled = {draft for (draft,) in warehouse.rows("select subject from ops.recalls where kind = 'draft'")}
    counted = Counter(decision for decision, _, _ in decided)
    assert (counted["edited"], counted["rejected"], counted.total()) == (1, 1, len(shown["params"]) // 2)
    assert {(why, person) for _, why, person in decided} == {("{{ 7*7 }} too loud", USER)}
    assert len(messages) == USERS
    written = [text for _, engine, text in messages if engine == "person"]
    assert written
    assert all(text.startswith("For a quiet evening at home, think of ") for text in written)
    assert not recalled & {draft for draft, _, _ in messages}
    assert api.call("GET", f"{run}/taskInstances/~/xcomEntries")["xcom_entries"] == []
