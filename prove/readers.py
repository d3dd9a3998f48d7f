"""Readers that poll all the while, each in a process of its own, and what they saw."""

import contextlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from overture.settings import Settings
from prove.line import Line

COUNTS = """
select
    (select count(*) from marts.messages where data_day = '{day}') as messages,
    (select count(distinct user_id) from marts.message_claims where data_day = '{day}') as claimed,
    (select count(*) from marts.recommendations where data_day = '{day}') as recommendations,
    (select count(*) from marts.item_facts where data_day = '{day}') as items,
    (select count(*) from marts.audience where data_day = '{day}') as users
"""


@dataclass
class Seen:
    """What readers saw. gaps: seconds between two answers of one reader. torn: answers that are no whole day."""

    answers: int = 0
    gaps: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    went_back: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Everything that must not be."""
        return self.errors + self.torn + self.went_back

    def figures(self) -> str:
        """Return what the table of proofs shows."""
        return f"{self.answers} answers, longest gap {max(self.gaps, default=0.0):.1f} s"


@contextlib.contextmanager
def reading(line: Line, day: date, folder: Path, count: int, seed: int) -> Iterator[Seen]:
    """Let `count` readers poll the lake for `day` while the block runs; fill what they saw at its end.

    Half of them open a connection for each query, as the command line does; the others keep one session.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stop, seen = folder / "stop", Seen()
    stop.unlink(missing_ok=True)
    notes = [folder / f"reader-{number}.jsonl" for number in range(count)]
    settings = line.settings
    readers = [
        line.start(lambda n=n, note=note: _poll(settings, day, (stop, note), n, seed))  # type: ignore[misc]
        for n, note in enumerate(notes)
    ]
    try:
        yield seen
    finally:
        stop.touch()
        for reader, note in zip(readers, notes, strict=True):
            outcome = reader.wait()
            if outcome.error or outcome.was_killed:
                seen.errors.append(f"a reader ended: {outcome.error or 'killed'}")
            _take_in(seen, note)


def _poll(settings: Settings, day: date, files: tuple[Path, Path], number: int, seed: int) -> None:
    stop, note = files
    pauses = random.Random(f"{seed}-{number}")  # noqa: S311 - spreads readers
    with note.open("w", encoding="utf-8") as out:
        while not stop.exists():
            for answer in _asked_anew(settings, day) if number % 2 else _asked_in_one_session(settings, day, stop):
                out.write(json.dumps({"at": time.monotonic(), **answer}, default=str) + "\n")
                time.sleep(pauses.uniform(0.5, 1.5))


def _asked_anew(settings: Settings, day: date) -> Iterator[dict[str, Any]]:
    from overture.adapters.warehouse.query import query

    try:
        yield {"row": query(settings, COUNTS.format(day=day)).to_pylist()[0]}
    except Exception as error:
        yield {"error": f"{type(error).__name__}: {error}"}


def _asked_in_one_session(settings: Settings, day: date, stop: Path) -> Iterator[dict[str, Any]]:
    from overture.adapters.warehouse import open_warehouse

    try:
        with open_warehouse(settings, read_only=True) as warehouse:
            for _ in range(50):
                row = warehouse.arrow(COUNTS.format(day=day)).to_pylist()[0]
                snapshot = warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')")[0][0]
                yield {"row": row, "snapshot": snapshot}
                if stop.exists():
                    return
    except Exception as error:
        yield {"error": f"{type(error).__name__}: {error}"}


def _take_in(seen: Seen, note: Path) -> None:
    """Judge one reader's answers: none torn, none older than the one before, no error."""
    last: dict[str, Any] = {}
    for answer in map(json.loads, note.read_text(encoding="utf-8").splitlines()):
        if "error" in answer:
            seen.errors.append(answer["error"])
            continue
        seen.answers += 1
        row = answer["row"]
        is_empty = not any(row.values())
        is_whole = row["messages"] == row["claimed"] > 0 and row["recommendations"] > 0 and row["items"] > 0
        if not (is_empty or is_whole):
            seen.torn.append(f"a torn day: {row}")
        if last and is_empty and any(last["row"].values()):
            seen.went_back.append("a published day was gone again")
        if last and answer.get("snapshot", 0) < last.get("snapshot", 0):
            seen.went_back.append(f"snapshot {answer['snapshot']} after {last['snapshot']}")
        if last:
            seen.gaps.append(answer["at"] - last["at"])
        last = answer
