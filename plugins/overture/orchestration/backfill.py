"""Past days made again, or for the first time, by the running Airflow: what its UI does, in one call that waits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from overture.errors import OrchestrationError, UsageError
from overture.orchestration import server
from overture.orchestration.api import Api
from overture.settings import Settings

DAYS_AT_A_TIME = 2
MOST_DAYS_AT_A_TIME = 16
"""More would only wait for one another: most steps write the lake, one at a time."""

PAGE = 100
"""Runs an answer holds at most."""

PATIENCE = 120.0
"""Seconds to wait for the backfill before to be counted as over."""

FINAL = ("success", "failed")


@dataclass(frozen=True)
class Order:
    """Which days to make.

    first, last: the range's ends, both included.
    users: how many users get a message; None for the configured number.
    at_a_time: how many of the days may go on at once, 1 to 16; the DAG's scheduled runs have a limit of their own.
    """

    first: date
    last: date
    users: int | None = None
    at_a_time: int = DAYS_AT_A_TIME

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise UsageError(
                "an empty range of days",
                expected="the first day not after the last",
                got=f"{self.first} to {self.last}",
            )
        if not 1 <= self.at_a_time <= MOST_DAYS_AT_A_TIME:
            raise UsageError(
                "bad number of days at a time",
                where="backfill",
                expected=f"1 to {MOST_DAYS_AT_A_TIME}",
                got=self.at_a_time,
            )

    @property
    def day_count(self) -> int:
        """How many days the range has."""
        return (self.last - self.first).days + 1


def backfill(settings: Settings, order: Order, tell: Callable[[str], None] = lambda line: None) -> dict[date, str]:
    """Make every day of the order, those made before again, and return each day's run id.

    `tell` hears of each day's end. Raises UsageError while Airflow is not up, OrchestrationError while another
    backfill goes on, and when a day failed, naming day and task.
    """
    api = server.connect(settings)
    created = _create(api, _asked(order))
    told: set[str] = set()
    while True:
        runs = _runs(api, order, str(created["created_at"]))
        ended = [run for run in runs if run["state"] in FINAL]
        for run in ended:
            if run["dag_run_id"] not in told:
                told.add(run["dag_run_id"])
                tell(f"{run['partition_key']}: {run['state']} after {run['duration']:.0f} s")
        if len(ended) == order.day_count:
            break
        time.sleep(1.0)
    _refuse_failures(api, ended)
    return {date.fromisoformat(run["partition_key"]): str(run["dag_run_id"]) for run in ended}


def _create(api: Api, asked: dict[str, object]) -> Any:
    """Create the backfill; wait where Airflow has not noticed yet that the one before is over, which takes it 30 s."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return api.call("POST", "/api/v2/backfills", asked)
        except OrchestrationError as error:
            if not str(error.got).startswith("409") or time.monotonic() > end:
                raise
        path = f"/api/v2/dags/{server.DAG_ID}/dagRuns?run_type=backfill&state=queued&state=running&limit=1"
        if going_on := api.call("GET", path)["dag_runs"]:
            raise OrchestrationError(
                "another backfill goes on", expected="one at a time", got=f"the run of {going_on[0]['partition_key']}"
            )
        time.sleep(2.0)


def _asked(order: Order) -> dict[str, object]:
    return {
        "dag_id": server.DAG_ID,
        "from_date": _midnight(order.first),
        "to_date": _midnight(order.last),
        "max_active_runs": order.at_a_time,
        "reprocess_behavior": "completed",
        "dag_run_conf": {} if order.users is None else {"users": order.users},
    }


def _runs(api: Api, order: Order, since: str) -> list[dict[str, Any]]:
    """Return the runs of the range that were made at `since` or later."""
    found: list[dict[str, Any]] = []
    while True:
        query = urlencode(
            {
                "run_type": "backfill",
                "run_after_gte": _midnight(order.first),
                "run_after_lte": _midnight(order.last),
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
