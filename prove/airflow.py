"""One home's Airflow, driven through its REST API as its UI does."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from overture.orchestration import server
from overture.orchestration.api import Api
from overture.orchestration.backfill import Order, backfill
from overture.settings import Settings

RUNS = f"/api/v2/dags/{server.DAG_ID}/dagRuns"
FINAL = ("success", "failed")
PATIENCE = 600.0


class Airflow:
    """A running Airflow; run ids are Airflow's own."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self._settings, self._api = settings, api

    def trigger(self, day: date, users: int) -> str:
        """Start a run by hand, as the UI's form does; return its id."""
        asked = {"logical_date": None, "conf": {"day": str(day), "users": users}}
        return str(self._api.call("POST", RUNS, asked)["dag_run_id"])

    def backfill(self, first: date, last: date, users: int, at_a_time: int) -> dict[date, str]:
        """Make the days and wait for them; return each one's run id, of failed runs too."""
        return backfill(self._settings, Order(first, last, users, at_a_time))

    def scheduled(self, day: date) -> str:
        """Return the id of the scheduler's own run of `day`, which it makes when it starts."""
        (run,) = self._api.call("GET", f"{RUNS}?run_type=scheduled&partition_key_pattern={day}")["dag_runs"]
        return str(run["dag_run_id"])

    def wait(self, run_id: str) -> str:
        """Wait for a run's end; return its last state."""
        end = time.monotonic() + PATIENCE
        while (state := str(self._run(run_id)["state"])) not in FINAL and time.monotonic() < end:
            time.sleep(1.0)
        return state

    def clear_task(self, run_id: str, task: str, *, downstream: bool) -> None:
        """Clear one task of a run, and with `downstream` all after it: they run again."""
        path = f"/api/v2/dags/{server.DAG_ID}/clearTaskInstances"
        asked = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": [task]}
        self._api.call("POST", path, asked | {"include_downstream": downstream})

    def clear_run(self, run_id: str) -> None:
        """Clear every task of a run: it runs again from its beginning."""
        self._api.call("POST", f"{RUNS}/{quote(run_id)}/clear", {"dry_run": False, "only_failed": False})

    def most_at_once(self, run_ids: Iterable[str]) -> int:
        """Return how many of the runs went on at one moment at most."""
        spans = [self._span(self._tasks(run_id)) for run_id in run_ids]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _ in spans)

    def retried_tasks(self, run_ids: Iterable[str]) -> int:
        """Return how many tasks of the runs needed more than one try."""
        return sum(task["try_number"] > 1 for run_id in run_ids for task in self._tasks(run_id))

    def _run(self, run_id: str) -> Any:
        return self._api.call("GET", f"{RUNS}/{quote(run_id)}")

    def _tasks(self, run_id: str) -> list[dict[str, Any]]:
        found = self._api.call("GET", f"{RUNS}/{quote(run_id)}/taskInstances")["task_instances"]
        return [task for task in found if task["start_date"] and task["end_date"]]

    @staticmethod
    def _span(tasks: Iterable[dict[str, Any]]) -> tuple[datetime, datetime]:
        return (
            min(datetime.fromisoformat(task["start_date"]) for task in tasks),
            max(datetime.fromisoformat(task["end_date"]) for task in tasks),
        )


@contextmanager
def airflow_of(settings: Settings) -> Iterator[Airflow]:
    """Start the home's Airflow, with the scheduler, and stop all of it in the end."""
    try:
        server.up(settings)
        yield Airflow(settings, server.connect(settings))
    finally:
        server.down(settings)
