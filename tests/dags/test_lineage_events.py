"""What the tasks of a run tell OpenLineage, by Airflow's own provider: the real DAG, whose steps do nothing."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from overture.adapters.catalog import Catalog, connection_string
from overture.lineage import address, columns_of, made_of, tables_of
from overture.orchestration.airflow_environment import airflow_environment
from overture.settings import Settings

RUN = """
import sys, types
from datetime import UTC, datetime
import psutil
from overture.errors import GateError
from overture.orchestration.database import prepare_database

prepare_database()
from airflow.dag_processing.dagbag import DagBag
from overture.orchestration import approval
from overture.orchestration.run_day import DAG_FILE, _closed_database

steps = types.ModuleType("overture.steps")
steps.open_run = lambda *given: None
def perform(name, *given):
    if name == sys.argv[1]:
        raise GateError("the gate refused", where=name)
steps.perform = perform
sys.modules["overture.steps"] = steps
import overture
overture.steps = steps
approval._sample = lambda request: []
dag = DagBag(str(DAG_FILE)).dags[DAG_FILE.stem]
with _closed_database():
    print(dag.test(logical_date=datetime(2017, 11, 28, tzinfo=UTC), run_conf={"day": "2017-11-28"}).state)
    during = len(psutil.Process().children())
print("children", during, len(psutil.Process().children()))
"""

GATE = "check_marts"


@dataclass(frozen=True)
class Ran:
    """A run that ended: every event of its tasks, in order, and what the program printed."""

    events: list[dict[str, Any]]
    output: str

    def of(self, task: str, *types: str) -> list[dict[str, Any]]:
        return [
            event
            for event in self.events
            if event["job"]["name"].rpartition(".")[2] == task and event["eventType"] in types
        ]


def ran(folder: Path, server: Catalog, failing: str, **own: str) -> Ran:
    settings = Settings.from_environment({"OVERTURE_HOME": str(folder / "home")})
    assert server.socket is not None
    database = f"airflow_{uuid4().hex}"
    connection = psycopg2.connect(connection_string(server.socket, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {database}")
    connection.close()
    environment = airflow_environment(settings, server.socket, database, base=os.environ | own)
    done = subprocess.run(
        [sys.executable, "-c", RUN, failing], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    path = settings.lineage / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    events = [json.loads(line) for line in lines]
    return Ran([event for event in events if "." in event["job"]["name"]], done.stdout + done.stderr)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, server: Catalog) -> Ran:
    return ran(tmp_path_factory.mktemp("good"), server, "none")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory, server: Catalog) -> Ran:
    return ran(tmp_path_factory.mktemp("refused"), server, GATE)


def uris(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{each['namespace']}/{each['name']}" for each in datasets]


def test_every_task_tells_of_its_start_and_its_end_once(good: Ran, tasks: dict[str, Any]) -> None:
    told = Counter((event["job"]["name"].rpartition(".")[2], event["eventType"]) for event in good.events)
    assert told == {(task, kind): 1 for task in tasks for kind in ("START", "COMPLETE")}


def test_datasets_are_the_tables_that_the_task_reads_and_writes_by_the_address_of_their_assets(
    good: Ran, tasks: dict[str, Any]
) -> None:
    for task in tasks:
        for event in good.of(task, "START", "COMPLETE"):
            assert uris(event["inputs"]) == [address(table) for table in tables_of(task).reads]
            assert uris(event["outputs"]) == [address(table) for table in tables_of(task).writes]
    published = [f"overture://{name.replace('.', '/')}" for name in tasks["publish_day"]["outlets"]]
    assert set(published) <= set(uris([out for event in good.events for out in event["outputs"]]))


def test_outputs_say_what_each_column_is_made_of(good: Ran) -> None:
    [event] = good.of("build_marts", "COMPLETE")
    [facts] = [out for out in event["outputs"] if out["name"] == "item_facts"]
    assert [field["name"] for field in facts["facets"]["schema"]["fields"]] == list(columns_of("candidate.item_facts"))
    [origin] = facts["facets"]["columnLineage"]["fields"]["price"]["inputFields"]
    where = f"{origin['namespace']}/{origin['name']}", origin["field"]
    assert where == ("overture://staging/stg_shop__items", "price")
    [published] = good.of("publish_day", "COMPLETE")
    [messages] = [out for out in published["outputs"] if out["name"] == "messages"]
    [origin] = messages["facets"]["columnLineage"]["fields"]["text"]["inputFields"]
    assert (
        f"{origin['namespace'].removeprefix('overture://')}.{origin['name']}.{origin['field']}"
        == (made_of("marts.messages", "text")[0])
    )


def test_a_gate_that_refuses_fails_in_its_event_and_nothing_after_it_starts(refused: Ran) -> None:
    [event] = refused.of(GATE, "FAIL")
    assert uris(event["inputs"]) == [address(table) for table in tables_of(GATE).reads]
    assert "the gate refused" in event["run"]["facets"]["errorMessage"]["message"]
    assert refused.of(GATE, "COMPLETE") == []
    assert refused.of("train_factors", "START", "COMPLETE") == []


def test_no_process_of_the_listener_outlives_the_run_and_keeps_the_server(good: Ran) -> None:
    [during, after] = next(line.split()[1:] for line in good.output.splitlines() if line.startswith("children "))
    assert int(during) > 0
    assert int(after) == 0


def test_an_event_names_its_producer_and_versions(good: Ran) -> None:
    event = good.of("publish_day", "COMPLETE")[0]
    assert "openlineage" in event["producer"]
    engine = event["run"]["facets"]["processing_engine"]
    assert engine["name"] == "Airflow"
    assert engine["version"]
    assert engine["openlineageAdapterVersion"]
    assert event["job"]["namespace"] == "overture"


def test_a_receiver_that_cannot_be_reached_fails_no_task(tmp_path: Path, server: Catalog) -> None:
    nowhere = json.dumps({"type": "file", "log_file_path": str(tmp_path / "no" / "folder"), "append": True})
    found = ran(tmp_path, server, "none", AIRFLOW__OPENLINEAGE__TRANSPORT=nowhere)
    assert "success" in found.output
    assert found.events == []


EMIT = """
import sys
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

transport = FileTransport(FileConfig(sys.argv[1], append=True))
job, run = Job(namespace="overture", name=sys.argv[2] * 40_000), Run(runId="01941f29-7c00-7078-8aae-05d0c4f0c1c5")
for number in range(200):
    at = "2017-11-28T00:00:00Z"
    transport.emit(RunEvent(eventTime=at, run=run, job=job, producer="test:", eventType=RunState.START))
"""


def test_events_of_tasks_that_end_at_once_stay_one_to_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", EMIT, str(path), name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    names = Counter(json.loads(line)["job"]["name"] for line in path.read_text(encoding="utf-8").splitlines())
    assert names == {name * 40_000: 200 for name in "abc"}
