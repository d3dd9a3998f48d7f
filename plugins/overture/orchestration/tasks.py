"""Tasks: each calls one step by its name, and tells Airflow which failures are worth another try."""

import ast
import inspect
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from overture.errors import DayRangeError, GateError, InputError, SupersededError
from overture.orchestration.assets import PUBLISHED
from overture.orchestration.data_day import RunRequest, read_request
from overture.orchestration.notifying import tell_failure
from overture.orchestration.pools import GPU, POOLS, WAREHOUSE_WRITER
from overture.orchestration.progress import watched
from overture.settings import PACKAGE, Settings

DROP_COMPLETE = time(3, 0)
"""When a shop's nightly files are complete, in UTC on the day after the data day."""

POINTLESS_TO_RETRY = (InputError, GateError, SupersededError)
"""The same input gives the same refusal, so a task that raises one of these fails at once."""

DEFAULTS: dict[str, Any] = {
    "owner": "overture",
    "depends_on_past": False,
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": tell_failure,
    "weight_rule": "upstream",  # of two runs, the one that is nearer to its end goes first
}

POOL_OF_STEP = {
    **dict.fromkeys(
        (
            "open_run",
            "land_day",
            "build_staging",
            "build_intermediate",
            "build_marts",
            "rank_items",
            "render_messages",
            "publish_day",
        ),
        WAREHOUSE_WRITER,
    ),
    "write_copy": GPU,
}
"""Steps that need a shared resource; the others wait for nothing. Training writes a few rows at its end only."""

OPTIONS_OF_STEP: dict[str, dict[str, Any]] = {
    "write_copy": {"execution_timeout": timedelta(hours=12)},
    "publish_day": {"outlets": PUBLISHED},
}

WORKERS_OF_STEP = {"write_copy": POOLS[GPU][0]}
"""Steps that several workers do together, each in a slot of its own: one language model for each GPU."""

PARAMETERS = {
    "day": Param(None, type=["null", "string"], title="Data day", description="YYYY-MM-DD; empty: the run's own day"),
    "users": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Users",
        description="How many users get a message; empty: as configured",
    ),
    "approve": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Approve",
        description="How many messages a person sees before they are published; empty: as configured",
    ),
}


def step(name: str) -> Any:
    """Return a task that does the step of that name for the run's data day, in the step's pool.

    Where several workers do the step, it is mapped over their numbers.
    """
    options = {"doc_md": _texts()[name], **OPTIONS_OF_STEP.get(name, {})}
    if name in POOL_OF_STEP:
        options["pool"] = POOL_OF_STEP[name]

    workers = WORKERS_OF_STEP.get(name)

    def run_step(
        worker: int = 0,
        partition_key: str | None = None,
        logical_date: datetime | None = None,
        params: Mapping[str, object] | None = None,
        run_id: str | None = None,
    ) -> None:
        try:
            request = read_request(partition_key, logical_date, params or {})
            with watched(name):
                _perform(name, request, str(run_id), (worker, workers or 1))
        except POINTLESS_TO_RETRY as error:
            raise AirflowFailException(str(error)) from error

    made = task(task_id=name, **options)(run_step)
    return made() if workers is None else made.expand(worker=list(range(workers)))


def await_landing() -> Any:
    """Return the task that holds a run back, without a worker, until its day's files can be there."""
    return task.sensor(
        task_id="await_landing",
        mode="reschedule",
        poke_interval=300,
        timeout=24 * 3600,
        doc_md=inspect.getdoc(_may_begin),
    )(_may_begin)()


def _may_begin(
    partition_key: str | None = None,
    logical_date: datetime | None = None,
    params: Mapping[str, object] | None = None,
    run_id: str | None = None,
) -> bool:
    """Wait until the shop's nightly files are complete: 03:00 UTC after the data day.

    A scheduled run of a day that the source does not have is skipped; a run that someone asked for fails there.
    """
    try:
        request = read_request(partition_key, logical_date, params or {})
    except InputError as error:
        raise AirflowFailException(str(error)) from error
    if str(run_id).startswith("scheduled__"):
        from overture.adapters.sources import load_source

        try:
            load_source(Settings.from_environment().source).require_day(request.day)
        except DayRangeError as error:
            raise AirflowSkipException(str(error)) from error
    return datetime.now(UTC) >= datetime.combine(request.day + timedelta(days=1), DROP_COMPLETE, UTC)


@cache
def _texts() -> dict[str, str]:
    """Return what each step does, by its name, without importing what the steps need: DAG files are read often."""
    tree = ast.parse((PACKAGE / "steps.py").read_text(encoding="utf-8"))
    return {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)}


def _perform(name: str, request: RunRequest, run_id: str, worker: tuple[int, int]) -> None:
    from overture import steps
    from overture.run import Joining

    settings = Settings.from_environment()
    if name == "open_run":
        steps.open_run(settings, request.day, run_id)
    else:
        steps.perform(name, settings, request.day, Joining(run_id, request.users, worker))
