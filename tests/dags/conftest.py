"""The DAG as Airflow sees it, read once in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overture.orchestration.airflow_environment import airflow_environment
from overture.settings import CHECKOUT, Settings

DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
described = {}
for dag in bag.dags.values():
    described[dag.dag_id] = {
        "file": dag.fileloc,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "schedule": getattr(dag.timetable, "expression", None),
        "start": dag.start_date.isoformat(),
        "max_active_runs": dag.max_active_runs,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "retries": task.retries,
                "backoff": task.retry_exponential_backoff,
                "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                "doc": task.doc_md,
                "pool": task.pool,
                "group": task.task_group.group_id if task.task_group else None,
                "depends_on_past": task.depends_on_past,
                "trigger_rule": str(task.trigger_rule.value),
                "before": sorted(task.get_flat_relative_ids(upstream=True)),
                "outlets": sorted(outlet.name for outlet in task.outlets),
            }
            for task in dag.tasks
        },
    }
with open(sys.argv[2], "w") as file:
    json.dump({"errors": dict(bag.import_errors), "dags": described, "modules": sorted(sys.modules)}, file)
"""


def run_in_airflow(home: Path, program: str, *arguments: str) -> None:
    """Run a program that imports Airflow, configured as Overture configures it, for a home without a server."""
    settings = Settings.from_environment({"OVERTURE_HOME": str(home)})
    environment = airflow_environment(settings, home / "no-server", "none", base=dict(os.environ))
    environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{home / 'unused.db'}"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def in_airflow() -> Callable[..., None]:
    """The function above: `in_airflow(home, program, *arguments)`."""
    return run_in_airflow


@pytest.fixture(scope="session")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow makes of `dags/`: import errors, the modules that reading it loaded, and every DAG."""
    folder = tmp_path_factory.mktemp("bag")
    run_in_airflow(folder / "home", DESCRIBE, str(CHECKOUT / "dags"), str(folder / "bag.json"))
    return json.loads((folder / "bag.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def dag(bag: dict[str, Any]) -> dict[str, Any]:
    """The pipeline."""
    return bag["dags"]["daily_recommendations"]  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def tasks(dag: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its tasks by id."""
    return dag["tasks"]  # type: ignore[no-any-return]
