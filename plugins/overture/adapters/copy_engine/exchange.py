"""The files between the two environments: requests go in, shards of drafts come out; standard library only."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from overture.errors import CopyEngineError, HomeError

T = TypeVar("T")

HEAD_LINES = 4
"""Lines of a job before its requests."""

OVER_BUDGET = "over-budget.jsonl"

GIVEN_UP = "not_generated"
"""Finish reason of a request that the engine failed on again and again: not stored, asked for anew by a later run."""


@dataclass(frozen=True)
class Sampling:
    """How the engine chooses words: the same for every request of a run."""

    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    max_tokens: int


@dataclass(frozen=True)
class CopyRequest:
    """One draft that is wanted. messages: who speaks and what; pattern: the reply's grammar as a regular expression."""

    draft_id: str
    messages: list[list[str]]
    pattern: str
    seed: int
    prompt_version: str


@dataclass(frozen=True)
class RawDraft:
    """One draft as the engine gave it, unchecked, and what made it.

    finish_reason: `stop`, `length`, or why the request was refused before the engine saw it (text is then empty).
    threads: OpenMP threads of the engine; 0 for a served model, whose threads are not ours.
    """

    draft_id: str
    text: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    engine: str
    engine_version: str
    model: str
    device: str
    dtype: str
    threads: int
    prompt_version: str


@dataclass(frozen=True)
class EngineOptions:
    """How the engine is set up.

    model: a folder, or a served model's address and name. name: what drafts are signed with.
    cache_gib: key-value cache of the CPU engine. most_threads: ceiling for its OpenMP threads.
    """

    model: str
    name: str
    dtype: str
    context_tokens: int
    batch_size: int
    cache_gib: int
    most_threads: int


@dataclass(frozen=True)
class Budget:
    """What a run may spend on drafts; 0 is no limit. tokens: written by the model, by all workers of the run together.

    seconds: of one worker, its engine's start included. A batch that has begun is finished.
    """

    tokens: int = 0
    seconds: int = 0

    def is_spent(self, tokens: int, seconds: float) -> bool:
        """Say whether no further batch may begin after so many tokens and seconds."""
        return 0 < self.tokens <= tokens or 0 < self.seconds <= seconds


NO_LIMIT = Budget()


@dataclass(frozen=True)
class Job:
    """Everything that a worker is given. label: what the shards of this run are known by."""

    options: EngineOptions
    sampling: Sampling
    requests: list[CopyRequest]
    budget: Budget = NO_LIMIT
    label: str = "run"


@dataclass(frozen=True)
class Part:
    """Where one of several workers of a job begins: at part `number`, from 0, of so many; it goes on with the rest."""

    number: int = 0
    of: int = 1


WHOLE = Part()


def write_job(path: Path, job: Job) -> None:
    """Write a job as JSON lines, whole or not at all: options, sampling, budget, label, then one request a line."""
    head = [asdict(job.options), asdict(job.sampling), asdict(job.budget), {"label": job.label}]
    write_lines(path, [*head, *map(asdict, job.requests)])


def read_job(path: Path) -> Job:
    """Read a job; raise CopyEngineError when the file is missing or damaged."""
    lines = read_lines(path)
    if len(lines) < HEAD_LINES:
        raise CopyEngineError("not a job", where=path, expected=f"{HEAD_LINES} lines or more", got=len(lines))
    options, sampling, budget, label, *requests = lines
    return Job(
        _build(EngineOptions, options, path),
        _build(Sampling, sampling, path),
        [_build(CopyRequest, request, path) for request in requests],
        _build(Budget, budget, path),
        str(label.get("label")),
    )


def say_over_budget(job_file: Path, label: str, left: int) -> None:
    """Note beside a job that its budget left so many of its drafts undone."""
    write_lines(job_file.with_name(OVER_BUDGET), [{"label": label, "left": left}])


def is_over_budget(job_file: Path, label: str) -> bool:
    """Say whether that was noted of the job of this label."""
    path = job_file.with_name(OVER_BUDGET)
    return path.exists() and any(line.get("label") == label for line in read_lines(path))


def given_up(request: CopyRequest) -> RawDraft:
    """Return what an engine gives for a request that it failed on."""
    return never_made(request, GIVEN_UP)


def never_made(request: CopyRequest, why: str) -> RawDraft:
    """Return what stands for a draft that no engine was asked for; `why` is its finish reason."""
    signature = dict.fromkeys(("engine", "engine_version", "model", "device", "dtype"), "none")
    return RawDraft(
        request.draft_id,
        "",
        why,
        tokens_in=0,
        tokens_out=0,
        threads=0,
        prompt_version=request.prompt_version,
        **signature,
    )


def shards(folder: Path, label: str = "*") -> list[Path]:
    """Return the finished shards of a folder in order, those of one run where its label is given."""
    return sorted(folder.glob(f"drafts-{label}-*.jsonl"))


def write_shard(
    folder: Path, drafts: Iterable[RawDraft], label: str = "run", worker: str = "0", number: int | None = None
) -> Path:
    """Write a worker's shard of this number, or its next, whole or not at all; return its path.

    One writer at a time for each worker.
    """
    number = number or len(shards(folder, f"{label}-{worker}")) + 1
    path = folder / f"drafts-{label}-{worker}-{number:04d}.jsonl"
    write_lines(path, map(asdict, drafts))
    return path


def read_shard(path: Path) -> list[RawDraft]:
    """Return the drafts of a finished shard; raise CopyEngineError for a damaged one."""
    return [_build(RawDraft, line, path) for line in read_lines(path)]


def read_shards(folder: Path, label: str = "*") -> dict[str, RawDraft]:
    """Return the drafts of finished shards by id, the first of each; raise CopyEngineError for a damaged one."""
    drafts: dict[str, RawDraft] = {}
    for path in shards(folder, label):
        for draft in read_shard(path):
            drafts.setdefault(draft.draft_id, draft)
    return drafts


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines beside `path` and rename: readers see the old file or the whole new one.

    Raises HomeError when the folder cannot be written or its disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        expected = "a writable folder with free space"
        raise HomeError("the home cannot be written", where=path, expected=expected, got=error.strerror) from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines; raise CopyEngineError when the file is missing or damaged."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise CopyEngineError("unreadable exchange file", where=path, expected="JSON lines", got=error) from error


def _build(kind: type[T], line: Mapping[str, Any], path: Path) -> T:
    expected = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    if line.keys() != expected:
        raise CopyEngineError(
            f"not a {kind.__name__}", where=path, expected=", ".join(sorted(expected)), got=", ".join(sorted(line))
        )
    return kind(**line)
