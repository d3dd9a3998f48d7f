"""Who runs, who published what, and what each step cost: the `ops` tables and the diary of costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date

from overture.adapters.warehouse.connection import LAKE, Warehouse, open_warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.fences import Try, begin_run, begin_step
from overture.adapters.warehouse.recalls import TABLES as RECALL_TABLES
from overture.errors import UsageError
from overture.run import Run
from overture.settings import Settings

RUNS = "ops.runs"


@dataclass(frozen=True)
class StepCost:
    """What a step used up: wall seconds, peak resident megabytes, the model's tokens, drafts made and reused."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    drafts_made: int = 0
    drafts_reused: int = 0


@dataclass(frozen=True)
class Models:
    """What a run is made with.

    factors: configuration as JSON. ranker: the version of its trees, None for none. copy: the fingerprint of the tuned
    model that writes, None for the settings' own.
    """

    factors: str
    ranker: str | None
    copy: str | None = None


def open_run(
    warehouse: Warehouse,
    day: date,
    run_id: str | None,
    configuration: str,
    models: Models | None = None,
) -> Try:
    """Note that a run of `day` begins; return its first try, whose token is greater than that of every run before it.

    run_id: None makes one of day and token. configuration: the hash of how models behave. models: None
    where they were not looked up. Opened again (a cleared task, a retry), the run
    gets a new token, so that what is left of its first try cannot publish any more. Published tables that are missing
    are made empty, so that readers find them before the first day is published.
    """
    known = warehouse.rows(f"select max(token) from {RUNS}")[0][0] if warehouse.columns(RUNS) else None
    begun = warehouse.attempt = begin_run(warehouse.catalog.lake, day, run_id, at_least=known or 0)

    made_with = (None, None, None) if models is None else (models.factors, models.ranker, models.copy)

    def work(lake: Warehouse) -> None:
        for table in contracts():
            lake.ensure_table(f"marts.{table}")
        for table in (RUNS, *RECALL_TABLES):
            lake.ensure_table(table)
        # A commit whose answer was lost is tried again.
        lake.execute(f"delete from {RUNS} where token = ?", [begun.token])
        lake.execute(
            f"insert into {RUNS} (run_id, token, data_day, configuration, factor_configuration, ranker_version,"
            " copy_model, is_published) values (?, ?, ?, ?, ?, ?, ?, false)",
            [begun.run_id, begun.token, day, configuration, *made_with],
        )

    warehouse.write(f"open run {begun.run_id}", work)
    return begun


def join_run(warehouse: Warehouse, settings: Settings, day: date, run_id: str | None, users: int | None) -> Run:
    """Return the newest try of a run of `day`: of `run_id`, or of any run when that is None.

    Raises UsageError when there is none.
    """
    found = _newest(warehouse, day, run_id)
    if found is None:
        raise UsageError("no such run", where=run_id or str(day), expected="open_run before any other step")
    return Run(settings, day, users, *found)


def begin_beside_run(warehouse: Warehouse, settings: Settings, day: date, step: str) -> Try:
    """Begin a step that is no part of a run, on the day's newest run; raise UsageError for a day without one."""
    if newest_run_id(warehouse, day) is None:
        raise UsageError("no run of this day", where=day, expected="a day that a run has made", got="none")
    run = join_run(warehouse, settings, day, None, None)
    return begin_step(warehouse.catalog.lake, day, step, run.token, run.run_id)


def newest_run_id(warehouse: Warehouse, day: date) -> str | None:
    """Return the id of the day's newest run; None when it has none."""
    found = _newest(warehouse, day, None)
    return found[0] if found else None


def publisher_of(warehouse: Warehouse, day: date) -> str | None:
    """Return the id of the run that published the day last; None where none did, and in lakes that knew none yet."""
    if not {"data_day", "run_id", "is_published", "token"} <= set(warehouse.columns(RUNS)):
        return None
    found = warehouse.rows(
        f"select run_id from {RUNS} where data_day = ? and is_published order by token desc limit 1", [day]
    )
    return str(found[0][0]) if found else None


def _newest(warehouse: Warehouse, day: date, run_id: str | None) -> tuple[str, int] | None:
    if not warehouse.columns(RUNS):
        return None
    found = warehouse.rows(
        f"select run_id, token from {RUNS} where data_day = ? and (?::varchar is null or run_id = ?)"
        " order by token desc limit 1",
        [day, run_id, run_id],
    )
    return (str(found[0][0]), int(found[0][1])) if found else None


def snapshot_of_run(warehouse: Warehouse, run_id: str) -> int:
    """Return the lake's snapshot that `run_id` published; raise UsageError when there is none (any more)."""
    found = warehouse.rows(
        f"select max(snapshot_id) from ducklake_snapshots('{LAKE}') where commit_extra_info = ?", [run_id]
    )
    if found[0][0] is None:
        raise UsageError("nothing published by this run is kept", where="--as-of-run", got=run_id)
    return int(found[0][0])


@contextmanager
def open_as_of_run(settings: Settings, run_id: str | None) -> Iterator[Warehouse]:
    """Connect to read the lake as `run_id` published it, or as it is now when that is None.

    Raises UsageError when nothing published by the run is kept (any more).
    """
    snapshot = None
    if run_id is not None:
        with open_warehouse(settings, read_only=True) as warehouse:
            snapshot = snapshot_of_run(warehouse, run_id)
    with open_warehouse(settings, read_only=True, snapshot=snapshot) as warehouse:
        yield warehouse


def record_cost(warehouse: Warehouse, day: date, step: str, cost: StepCost) -> None:
    """Write what a step of `day` cost into `marts.run_costs`, in place of its former try's row."""
    row = {"data_day": day, "step": step, **asdict(cost)}

    def work(lake: Warehouse) -> None:
        lake.ensure_table("marts.run_costs")
        lake.execute("delete from marts.run_costs where data_day = ? and step = ?", [day, step])
        lake.execute(
            f"insert into marts.run_costs ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )

    warehouse.write(f"cost of {step} {day}", work)
