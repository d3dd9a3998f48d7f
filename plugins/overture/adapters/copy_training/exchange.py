"""The files between the two environments: examples and a plan go in, a model folder and a report come out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from overture.adapters.copy_engine.exchange import read_lines, write_lines
from overture.core.copy_training_set import Example
from overture.errors import CopyEngineError

JOB: Final = "job.jsonl"
REPORT: Final = "report.jsonl"


@dataclass(frozen=True)
class TrainingPlan:
    """How a model is tuned; `config/copy_tuning.toml` says what each means. base: the folder of the model to tune."""

    base: str
    seed: int
    tokens: int
    minutes: float
    batch_size: int
    learning_rate: float
    rank: int
    alpha: int
    dropout: float
    targets: list[str]
    warmup_share: float
    most_threads: int


@dataclass(frozen=True)
class Trained:
    """What a worker did. tokens: that the model has read; losses: mean of a reply's token in the first and last tenth.

    device: `cpu` or `cuda`. is_cut: whether the minutes ended it before the tokens did.
    """

    steps: int
    examples: int
    tokens: int
    seconds: float
    device: str
    dtype: str
    threads: int
    first_loss: float
    last_loss: float
    is_cut: bool
    packages: dict[str, str]


def write_job(folder: Path, plan: TrainingPlan, examples: Sequence[Example]) -> None:
    """Write a job into a folder, which is made: the plan, then one example a line."""
    write_lines(folder / JOB, [asdict(plan), *map(asdict, examples)])


def read_job(folder: Path) -> tuple[TrainingPlan, list[Example]]:
    """Read a folder's job; raise CopyEngineError when it is missing, damaged or without an example."""
    lines = read_lines(folder / JOB)
    try:
        plan = TrainingPlan(**lines[0])
        examples = [_example(line) for line in lines[1:]]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CopyEngineError("no training job", where=folder / JOB, expected="plan, examples", got=error) from error
    if not examples:
        raise CopyEngineError("nothing to learn", where=folder / JOB, expected="one example or more", got="none")
    return plan, examples


def write_report(path: Path, trained: Trained) -> None:
    """Write what was done."""
    write_lines(path, [asdict(trained)])


def read_report(path: Path) -> Trained:
    """Read what was done; raise CopyEngineError when it is missing or damaged."""
    lines = read_lines(path)
    try:
        return Trained(**lines[0])
    except (IndexError, TypeError) as error:
        raise CopyEngineError("no training report", where=path, expected="a report", got=error) from error


def _example(line: dict[str, Any]) -> Example:
    messages = tuple((str(role), str(content)) for role, content in line["messages"])
    return Example(str(line["item"]), messages, str(line["reply"]))
