"""Which trees put candidates in order: the newest that the gate has accepted, or none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from overture.adapters.artifacts import version_of
from overture.adapters.lightgbm_ranker import Rank
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.runs import RUNS
from overture.core.strategies import TASKS
from overture.errors import ArtifactError
from overture.run import Run

RANKERS = "ops.rankers"


@dataclass(frozen=True)
class Ranker:
    """What was learnt as of a day. ranks: task -> its trees; both tasks. parameters: what they were learnt with."""

    ranks: Mapping[str, Rank]
    parameters: Mapping[str, Any]

    @property
    def version(self) -> str:
        """12 hexadecimal characters that differ when the trees or what they were learnt with do."""
        return version_of({"trees": {task: self.ranks[task].text for task in TASKS}, "parameters": self.parameters})


def version_in_force(warehouse: Warehouse, day: date) -> str | None:
    """Return the version of the newest accepted ranker of an earlier day; None where there is none."""
    if not warehouse.columns(RANKERS):
        return None
    found = warehouse.rows(
        f"select version from {RANKERS} where is_accepted and data_day < ? order by data_day desc limit 1", [day]
    )
    return found[0][0] if found else None


def ranker_of_run(warehouse: Warehouse, run: Run) -> Ranker | None:
    """Return the ranker that the run was opened with, so that a decision made since changes nothing.

    A run that was opened before this was noted has none. Raises ArtifactError where the noted one is gone or damaged.
    """
    if "ranker_version" not in warehouse.columns(RUNS):
        return None
    noted = warehouse.rows(f"select ranker_version from {RUNS} where token = ?", [run.token])
    version = noted[0][0] if noted else None
    return None if version is None else _read(warehouse, version)


def _read(warehouse: Warehouse, version: str) -> Ranker:
    trees = ", ".join(f"{task}_trees" for task in TASKS)
    found = warehouse.rows(f"select parameters, {trees} from {RANKERS} where version = ? limit 1", [version])
    if not found:
        raise ArtifactError("no such ranker", where=RANKERS, expected=f"version {version}", got="none")
    parameters, *texts = found[0]
    ranker = Ranker(dict(zip(TASKS, map(Rank, texts), strict=True)), json.loads(parameters))
    if ranker.version != version:
        raise ArtifactError("altered ranker", where=RANKERS, expected=f"version {version}", got=ranker.version)
    return ranker


def record_ranker(warehouse: Warehouse, day: date, ranker: Ranker | None, decision: Mapping[str, object]) -> None:
    """Make the ranker and the decision on it the one row of `day`; without a ranker, nothing could be learnt.

    decision: names are columns of the contract.
    """
    row: dict[str, object] = {"data_day": day, **decision}
    if ranker is not None:
        row |= {"version": ranker.version, "parameters": json.dumps(ranker.parameters, sort_keys=True)}
        row |= {f"{task}_trees": ranker.ranks[task].text for task in TASKS}
    warehouse.replace_day(RANKERS, day, pa.Table.from_pylist([row]))
