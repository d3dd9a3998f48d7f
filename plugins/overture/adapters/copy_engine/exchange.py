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
class Job:
    """Everything that a worker is given."""

    options: EngineOptions
    sampling: Sampling
    requests: list[CopyRequest]


def write_job(path: Path, job: Job) -> None:
    """Write a job as JSON lines, whole or not at all: options, sampling, then one request a line."""
    write_lines(path, [asdict(job.options), asdict(job.sampling), *map(asdict, job.requests)])


def read_job(path: Path) -> Job:
    """Read a job; raise CopyEngineError when the file is missing or damaged."""
    options, sampling, *requests = read_lines(path) or [{}, {}]
    return Job(
        _build(EngineOptions, options, path),
        _build(Sampling, sampling, path),
        [_build(CopyRequest, request, path) for request in requests],
    )


def shards(folder: Path) -> list[Path]:
    """Return the finished shards of a folder in order; empty where there is none."""
    return sorted(folder.glob("drafts-*.jsonl"))


def write_shard(folder: Path, drafts: Iterable[RawDraft]) -> Path:
    """Write the next shard of a folder, whole or not at all; return its path. One writer at a time."""
    last = shards(folder)
    number = int(last[-1].stem.removeprefix("drafts-")) + 1 if last else 1
    path = folder / f"drafts-{number:04d}.jsonl"
    write_lines(path, map(asdict, drafts))
    return path


def read_shards(folder: Path) -> dict[str, RawDraft]:
    """Return the drafts of every finished shard by id, the first of each; raise CopyEngineError for a damaged one."""
    drafts: dict[str, RawDraft] = {}
    for path in shards(folder):
        for line in read_lines(path):
            draft = _build(RawDraft, line, path)
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
