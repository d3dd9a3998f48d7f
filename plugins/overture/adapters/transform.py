"""The one door to dbt: one layer of the project in `dbt_project/`, built for one day."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from overture.adapters.catalog import Catalog, open_catalog
from overture.adapters.warehouse.connection import connect, lake_address
from overture.adapters.warehouse.locks import write_lock
from overture.adapters.warehouse.shortages import shortage
from overture.configuration import load_config
from overture.errors import OvertureError, SettingsError, SupersededError, TransformError, UsageError
from overture.settings import CHECKOUT, Settings

LAYERS = ("staging", "intermediate", "marts")
PROJECT = CHECKOUT / "dbt_project"

DAYS_AND_COUNTS = (
    "half_life_days",
    "holdout_days",
    "typical_price_days",
    "active_days",
    "preference_days",
    "preferred_tags",
    "most_tastes",
)

LOCK_LOST = "lock row bears another name"
"""What dbt_project/macros/take_lock_row.sql raises."""

DOCS_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'unsafe-inline' 'unsafe-eval' data: blob:\">"
)
"""dbt's page is a program of its own; it may run, and ask nothing of anyone."""

MAX_WEIGHT = 1_000_000
"""Greatest weight of an event's type; above it, exact sums would overflow."""


@dataclass(frozen=True)
class NodeReport:
    """One model or test that ran: its name, `model` or `test`, and its seconds."""

    name: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class TransformReport:
    """A layer that was built: what ran in order, and the wall time of all, waiting for the lock left out."""

    layer: str
    day: date
    seconds: float
    nodes: tuple[NodeReport, ...]


def build_layer(
    settings: Settings, layer: str, day: date, variables: Mapping[str, Any], holder: str = ""
) -> TransformReport:
    """Build and test one layer for `day` in this process, as one `dbt build` under the lake's write lock.

    layer: one of LAYERS, each of which reads the one before it.
    variables: what the source states, `currency` (ISO 4217) and `event_weights` (event type to number); they may
    also replace values of config/interactions.toml, audience.toml and signatures.toml.

    holder: what the lake's lock row must bear (`Warehouse.exclusive`); a model that finds another name there fails.

    Only the rows of `day` are replaced (and days before it that no run has built are added). Nothing is written
    outside the home. Raises TransformError that names the first model or test that failed and why, UsageError for an
    unknown layer, SettingsError for a bad variable, HomeError when the disk is full, WarehouseError when memory is out,
    LockTimeoutError, SupersededError when the lock was lost to a newer try.
    """
    if layer not in LAYERS:
        raise UsageError("unknown layer", expected=", ".join(LAYERS), got=layer)
    command = ["build", "--fail-fast", "--select", f"overture.{layer}", "--exclude-resource-type", "unit_test"]
    # A test that reads two layers runs with the later one.
    command += ["--indirect-selection", "buildable"]
    return _run(settings, _Order(layer, day, command, holder), variables)


def run_unit_tests(settings: Settings, day: date, variables: Mapping[str, Any]) -> TransformReport:
    """Run the unit tests beside the models, each over its own rows; types come from the lake, once built for `day`.

    Raises what `build_layer` raises.
    """
    return _run(settings, _Order("unit tests", day, ["test", "--select", "test_type:unit"]), variables)


def build_docs(settings: Settings, day: date, variables: Mapping[str, Any]) -> str:
    """Return dbt's documentation of the project, with the variables of `day`, as one HTML page that loads nothing.

    Columns are those that the project states: none is looked up in the lake. Raises what `build_layer` raises.
    """
    written = settings.home / "dbt" / "target"
    command = ["docs", "generate", "--static", "--empty-catalog"]
    _run(settings, _Order("docs", day, command, writes_json=True), variables)
    page = (written / "static_index.html").read_text(encoding="utf-8")
    return page.replace("<head>", f"<head>{DOCS_POLICY}", 1)


@dataclass(frozen=True)
class _Order:
    """One call of dbt: what it is called in messages, its arguments, and the name that the lock row must bear.

    writes_json: it leaves what it knows of the project in its target folder.
    """

    name: str
    day: date
    command: list[str]
    holder: str = ""
    writes_json: bool = False


def _run(settings: Settings, order: _Order, variables: Mapping[str, Any]) -> TransformReport:
    interactions, audience, signatures = map(load_config, ("interactions", "audience", "signatures"))
    chosen = _checked({**interactions, **audience, **signatures, **variables})
    with open_catalog(settings) as catalog, write_lock(catalog.lake, f"dbt {order.name} {order.day}"):
        _lay_extensions(settings)
        started = time.perf_counter()
        outcome = _run_dbt(settings, catalog, order, _flags(settings, chosen, order))
        seconds = time.perf_counter() - started
    _raise_failure(settings, order.name, order.day, outcome)
    nodes = tuple(_node_report(node) for node in getattr(outcome.result, "results", ()) if hasattr(node, "node"))
    return TransformReport(order.name, order.day, seconds, nodes)


def _lay_extensions(settings: Settings) -> None:
    """Have DuckDB's extensions in the home, should dbt be the first that needs them."""
    if not any(settings.extensions.rglob("*.duckdb_extension")):
        connect(settings).close()


def _checked(variables: dict[str, Any]) -> dict[str, Any]:
    for name in DAYS_AND_COUNTS:
        value = variables.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise SettingsError("bad value", where=name, expected="a whole number above 0", got=value)
    weights = variables.get("event_weights")
    if not isinstance(weights, Mapping) or not weights or not all(_is_weight(value) for value in weights.values()):
        raise SettingsError(
            "bad value", where="event_weights", expected=f"types with numbers from 0 to {MAX_WEIGHT}", got=weights
        )
    bought = variables.get("buying_event_types")
    if not isinstance(bought, list) or not bought or not all(isinstance(name, str) for name in bought):
        raise SettingsError("bad value", where="buying_event_types", expected="a list of event types", got=bought)
    if not isinstance(variables.get("currency"), str):
        raise SettingsError("bad value", where="currency", expected="a currency code", got=variables.get("currency"))
    # Always the same order, so that dbt finds its stored parse to be of the same variables.
    return dict(sorted(variables.items()))


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_WEIGHT


def _flags(settings: Settings, variables: Mapping[str, Any], order: _Order) -> list[str]:
    return [
        *("--vars", json.dumps(variables)),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(settings.home / "dbt" / "target"), "--log-path", str(settings.home / "dbt" / "logs")),
        *("--log-level", "none", "--log-level-file", "info", "--no-print", "--no-use-colors"),
        *("--no-send-anonymous-usage-stats", "--no-version-check"),
        "--write-json" if order.writes_json else "--no-write-json",
    ]


def _run_dbt(settings: Settings, catalog: Catalog, order: _Order, flags: list[str]) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        # dbt changes the working directory to its project.
        with _environment(settings, catalog, order), chdir(Path.cwd()):
            return dbtRunner().invoke([*order.command, *flags])
    finally:
        # dbt would keep the lake attached, also after the catalog's server has stopped.
        DuckDBConnectionManager.close_all_connections()


@contextmanager
def _environment(settings: Settings, catalog: Catalog, order: _Order) -> Iterator[None]:
    """Show dbt what profiles.yml and the project ask for, and none of the caller's own DBT_ switches."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("DBT_")]:
        del os.environ[name]
    os.environ.update(
        # The prefix makes dbt keep the value, which may hold a password, out of its logs.
        DBT_ENV_SECRET_LAKE=lake_address(catalog),
        LAKE_DATA_DAY=order.day.isoformat(),
        LAKE_EXTENSIONS=str(settings.extensions),
        LAKE_FILES=f"{settings.warehouse}/",
        LAKE_LOCK_HOLDER=order.holder,
        LAKE_MEMORY_LIMIT=settings.memory_limit,
        LAKE_SCRATCH=str(settings.scratch),
        LAKE_THREADS=str(settings.threads),
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _raise_failure(settings: Settings, layer: str, day: date, outcome: Any) -> None:
    if outcome.success:
        return
    if outcome.exception is not None:
        raise _failure(settings, f"dbt_project, {layer} {day}", _reason(str(outcome.exception))) from outcome.exception
    bad = next(node for node in outcome.result.results if node.status not in {"success", "pass", "skipped", "warn"})
    where = f"{bad.node.resource_type} {bad.node.name}, {day}"
    raise _failure(settings, where, _reason(bad.message or bad.status))


def _failure(settings: Settings, where: str, reason: str) -> OvertureError:
    if (short := shortage(f"{where}: {reason}", settings)) is not None:
        return short
    if LOCK_LOST in reason:
        return SupersededError("the write lock was lost to another writer", where=where, got=reason)
    return TransformError("dbt failed", where=where, got=reason)


def _reason(message: str) -> str:
    """Return what dbt says, without the line that repeats the node and without the query."""
    lines = [line.strip() for line in message.strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith(("LINE ", "^", "compiled code at"))]
    if len(lines) > 1 and " Error in " in lines[0]:
        lines = lines[1:]
    return " ".join(lines)[:500] or "no reason given"


def _node_report(result: Any) -> NodeReport:
    return NodeReport(str(result.node.name), str(result.node.resource_type), float(result.execution_time))
