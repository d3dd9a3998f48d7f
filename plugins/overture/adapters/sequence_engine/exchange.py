"""The files between the two environments: sequences and a plan go in, embeddings come out; numpy and nothing else."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

PLAN: Final = "plan.json"
REPORT: Final = "report.json"


@dataclass(frozen=True)
class Plan:
    """How a model is trained; see `sequence_model.SasRec` for what each means."""

    factors: int
    blocks: int
    heads: int
    length: int
    dropout: float
    loss: str
    negatives: int
    calibration: float
    learning_rate: float
    batch_size: int
    epochs: int
    seconds: int
    seed: int
    threads: int


@dataclass(frozen=True)
class Job:
    """Everything that a worker is given.

    codes: int32, 0 to `items` - 1, all sequences one after the other. windows, sessions: (n, 2) int64, from where to
    where in `codes` lies what is learnt from, and what is encoded at the end.
    """

    plan: Plan
    items: int
    codes: npt.NDArray[np.int32]
    windows: npt.NDArray[np.int64]
    sessions: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """What a worker leaves. users: float32 (sessions, factors), items: (items, factors); a row of nan is unknown.

    epochs: how many were done. seconds: which that took. device: `cpu` or `cuda:0`. loss: the last epoch's mean.
    """

    users: npt.NDArray[np.float32]
    items: npt.NDArray[np.float32]
    epochs: int
    seconds: float
    device: str
    loss: float


def write_job(folder: Path, job: Job) -> None:
    """Write a job into a folder that is there."""
    (folder / PLAN).write_text(json.dumps({"items": job.items, **asdict(job.plan)}), encoding="utf-8")
    _save(folder, codes=job.codes, windows=job.windows, sessions=job.sessions)


def read_job(folder: Path) -> Job:
    """Read a folder's job."""
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    items = plan.pop("items")
    return Job(Plan(**plan), items, *(_load(folder, name) for name in ("codes", "windows", "sessions")))


def write_trained(folder: Path, trained: Trained) -> None:
    """Write what was trained beside its job."""
    _save(folder, users=trained.users, items=trained.items)
    report = {name: getattr(trained, name) for name in ("epochs", "seconds", "device", "loss")}
    (folder / REPORT).write_text(json.dumps(report), encoding="utf-8")


def read_trained(folder: Path) -> Trained:
    """Read what a worker left."""
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return Trained(_load(folder, "users"), _load(folder, "items"), **report)


def _save(folder: Path, **arrays: npt.NDArray[Any]) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _load(folder: Path, name: str) -> npt.NDArray[Any]:
    return np.load(folder / f"{name}.npy", allow_pickle=False)  # type: ignore[no-any-return]
