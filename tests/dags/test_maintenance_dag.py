"""The maintenance DAG as Airflow sees it, and what its tasks tell Airflow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overture.maintaining import JOBS

DONE = """
import json, logging, sys, types
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from overture import errors
from overture.adapters.leftovers import Removal
from overture.orchestration import maintenance

maintaining = types.ModuleType("overture.maintaining")
sys.modules["overture.maintaining"] = maintaining
import overture
overture.maintaining = maintaining

said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
maintenance.LOG.addHandler(handler)
maintenance.LOG.setLevel(logging.INFO)
with DAG("any"):
    callable = maintenance.job("delete_orphans").operator.python_callable

clocks, fates = [], {}
def do_job(name, settings, now):
    clocks.append(now.utcoffset().total_seconds())
    return Removal(3, 4096)
maintaining.do_job = do_job
callable()
for name in ("SettingsError", "LockTimeoutError"):
    def do_job(name_, settings, now):
        raise getattr(errors, name)("no good")
    maintaining.do_job = do_job
    try:
        callable()
    except AirflowFailException:
        fates[name] = "fails at once"
    except Exception:
        fates[name] = "is tried again"
with open(sys.argv[1], "w") as file:
    json.dump({"said": said, "clocks": clocks, "fates": fates}, file)
"""


@pytest.fixture
def maintenance(bag: dict[str, Any]) -> dict[str, Any]:
    """The DAG."""
    return bag["dags"]["maintain_warehouse"]  # type: ignore[no-any-return]


def test_each_job_is_a_task_and_they_follow_one_another(maintenance: dict[str, Any]) -> None:
    order = list(JOBS)
    assert set(maintenance["tasks"]) == set(order)
    for position, name in enumerate(order):
        assert set(maintenance["tasks"][name]["before"]) == set(order[:position]), name


def test_a_job_takes_the_writers_pool_has_a_time_limit_and_says_what_it_does(maintenance: dict[str, Any]) -> None:
    tasks = maintenance["tasks"].values()
    assert {task["pool"] for task in tasks} == {"warehouse_writer"}
    assert all(task["timeout"] and task["retries"] >= 1 and len(task["doc"]) > 20 for task in tasks)


def test_maintenance_never_overlaps_itself_never_catches_up_and_leaves_the_night_to_the_pipeline(
    maintenance: dict[str, Any],
) -> None:
    assert maintenance["max_active_runs"] == 1
    assert maintenance["catchup"] is False
    assert maintenance["schedule"] == "0 18 * * *"
    assert "dry-run" in maintenance["doc"]


def test_a_job_logs_what_it_took_away_and_is_tried_again_only_where_that_can_help(
    tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    in_airflow(tmp_path / "home", DONE, str(tmp_path / "answer.json"))
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["said"] == ["delete_orphans: 3, 4096 bytes"]
    assert answer["clocks"] == [0.0]
    assert answer["fates"] == {"SettingsError": "fails at once", "LockTimeoutError": "is tried again"}
