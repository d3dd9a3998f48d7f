"""Past days made again, or for the first time, by the running Airflow: what its UI does, in one call that waits."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from overture.errors import OrchestrationError, UsageError
from overture.orchestration import server
from overture.orchestration.api import Api
from overture.settings import Settings

RUNS_AT_A_TIME = 2
PAGE = 100
"""Runs an answer holds at most."""

PATIENCE = 120.0
"""Seconds to wait for the backfill before to be counted as over."""

FINAL = ("success", "failed")


def backfill(
    settings: Settings,
    first: date,
    last: date,
    *,
    users: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[date, str]:
    """Make every day from `first` to `last`, both included, two at a time; return each day's run id.

    Days made before are made again. `tell` hears of each day's end. Raises UsageError for an empty range or while
    Airflow is not up, OrchestrationError while another backfill goes on, and when a day failed, naming day and task.
    """
    if first > last:
        raise UsageError(
            "an empty range of days", expected="the first day not after the last", got=f"{first} to {last}"
        )
    api = server.connect(settings)
    created = _create(api, _order(first, last, users))
    told: set[str] = set()
    while True:
        runs = _runs(api, first, last, str(created["created_at"]))
        ended = [run for run in runs if run["state"] in FINAL]
        for run in ended:
            if run["dag_run_id"] not in told:
                told.add(run["dag_run_id"])
                tell(f"{run['partition_key']}: {run['state']} after {run['duration']:.0f} s")
        if len(ended) == (last - first).days + 1:
            break
        time.sleep(1.0)
    _refuse_failures(api, ended)
    return {date.fromisoformat(run["partition_key"]): str(run["dag_run_id"]) for run in ended}


def _create(api: Api, order: dict[str, object]) -> Any:
    """Create the backfill; wait where Airflow has not noticed yet that the one before is over, which takes it 30 s."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return api.call("POST", "/api/v2/backfills", order)
        except OrchestrationError as error:
            if not str(error.got).startswith("409") or time.monotonic() > end:
                raise
        path = f"/api/v2/dags/{server.DAG_ID}/dagRuns?run_type=backfill&state=queued&state=running&limit=1"
        if going_on := api.call("GET", path)["dag_runs"]:
            raise OrchestrationError(
                "another backfill goes on", expected="one at a time", got=f"the run of {going_on[0]['partition_key']}"
            )
        time.sleep(2.0)


def _order(first: date, last: date, users: int | None) -> dict[str, object]:
    return {
        "dag_id": server.DAG_ID,
        "from_date": _midnight(first),
        "to_date": _midnight(last),
        "max_active_runs": RUNS_AT_A_TIME,
        "reprocess_behavior": "completed",
        "dag_run_conf": {} if users is None else {"users": users},
    }


def _runs(api: Api, first: date, last: date, since: str) -> list[dict[str, Any]]:
    """Return the runs of the range that were made at `since` or later."""
    found: list[dict[str, Any]] = []
    while True:
        query = urlencode(
            {
                "run_type": "backfill",
                "run_after_gte": _midnight(first),
                "run_after_lte": _midnight(last),
                "start_date_gte": since,
                "order_by": "run_after",
                "limit": PAGE,
                "offset": len(found),
            }
        )
        page = api.call("GET", f"/api/v2/dags/{server.DAG_ID}/dagRuns?{query}")
        found += page["dag_runs"]
        if not page["dag_runs"] or len(found) >= page["total_entries"]:
            return found


def _refuse_failures(api: Api, runs: list[dict[str, Any]]) -> None:
    failed = [run for run in runs if run["state"] == "failed"]
    if failed:
        run_id = failed[0]["dag_run_id"]
        path = f"/api/v2/dags/{server.DAG_ID}/dagRuns/{quote(run_id)}/taskInstances?state=failed"
        tasks = [str(task["task_id"]) for task in api.call("GET", path)["task_instances"]]
        raise OrchestrationError(
            f"{len(failed)} of {len(runs)} days failed",
            where=f"{', '.join(tasks)} of {failed[0]['partition_key']}",
            expected="success",
            got=f"see the task's log in Airflow, run {run_id}",
        )


def _midnight(day: date) -> str:
    return f"{day}T00:00:00Z"
