"""Kill -9 at random and at chosen moments of every step, a plain retry, and the rows of an uninterrupted run."""

import contextlib
import dataclasses
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg2

from prove.line import Child, Line, server_of, step_names
from prove.readers import reading
from prove.table import Finding

TABLES = ("ducklake_data_file", "ducklake_snapshot", "ducklake_snapshot_changes")
"""What a commit writes; who holds one of them stops a commit between its data files and the catalog, or halfway."""

OLD = timedelta(days=30)
"""After so long maintenance takes away what nobody knows."""

BLOCKED = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name like %s"
    " and query not ilike '%%pg_advisory%%'"
)


@dataclass(frozen=True)
class Stage:
    """What the proof works on: two lines of the same shop, the day, and how much is done.

    correct: gives the victim's shop the day's right files; until then it has others, so that every step that is killed
    has something to change.
    """

    reference: Line
    victim: Line
    correct: Callable[[], None]
    day: date
    folder: Path
    killed_steps: tuple[str, ...]
    kills_a_step: int
    chosen_steps: tuple[str, ...]
    readers: int


@dataclass(frozen=True)
class Victim:
    """A run whose steps are killed."""

    line: Line
    day: date
    run_id: str

    def start(self, name: str) -> Child:
        """Let a child do one of its steps."""
        return self.line.starts_step(name, self.day, self.run_id)


def prove_kills(stage: Stage, seed: int) -> list[Finding]:
    """Run the day undisturbed in one home; in the other, kill every step again and again before it may end."""
    chance = random.Random(seed)  # noqa: S311 - the moments, not a secret
    with server_of(stage.reference.settings):
        seconds = {"open_run": 0.6, **stage.reference.run(stage.day)}
        expected = stage.reference.fingerprints(stage.day)
    crash = Finding("crash-safe: kill -9 at random moments")
    chosen = Finding("crash-safe: kill -9 inside a commit")
    victim, readers = Victim(stage.victim, stage.day, "kills"), Finding("readers during the kills")
    with server_of(stage.victim.settings) as catalog:
        # Readers have a whole day to lose, and most drafts are still to be made.
        dataclasses.replace(stage.victim, users=stage.victim.users // 3).run(stage.day)
        before = stage.victim.fingerprints(stage.day)
        stage.correct()
        with reading(stage.victim, stage.day, stage.folder / "readers", stage.readers, seed) as seen:
            for name in ["open_run", *step_names()]:
                for _ in range(stage.kills_a_step if name in stage.killed_steps else 0):
                    _kill_once(victim, name, chance.random() * seconds[name], crash)
                if name in stage.chosen_steps:
                    table = TABLES[stage.chosen_steps.index(name) % len(TABLES)]
                    _kill_in_commit(victim, name, (catalog, table), chosen)
                _retry(victim, name, crash)
            orphans, removed = stage.victim.orphaned_files(), stage.victim.delete_orphans(datetime.now(UTC) + OLD)
        readers.trials, readers.failures, readers.figures = seen.answers, seen.failures, seen.figures()
        found, left = stage.victim.fingerprints(stage.day), stage.victim.orphaned_files()
    same = [
        table
        for table in ("item_facts", "user_preferences", "recommendations", "messages")
        if before[table] == found[table]
    ]
    crash.require(not same, f"nothing to change, no proof: {', '.join(same)}")
    crash.require(orphans == removed and left == 0, f"of {orphans} orphaned files maintenance removed {removed}")
    crash.figures = f"{orphans} orphaned files, {left} after maintenance"
    crash.require(found == expected, f"other rows than undisturbed: {difference(expected, found)}")
    return [crash, chosen, readers]


def prove_cold_kills(line: Line, day: date, trials: int, seed: int) -> Finding:
    """Kill a first step while it starts the home's own server or makes the lake; the next try must serve."""
    finding, victim = Finding("crash-safe: kill -9 while the home is made"), Victim(line, day, "cold")
    chance = random.Random(seed)  # noqa: S311 - the moments, not a secret
    for _ in range(trials):
        child = victim.start("open_run")
        time.sleep(chance.uniform(0.05, 2.5))
        child.kill()
        finding.trials += 1
    for name in ["open_run", *step_names()[: step_names().index("check_marts") + 1]]:
        _retry(victim, name, finding)
    return finding


def _kill_once(victim: Victim, name: str, after: float, finding: Finding) -> None:
    """Kill a step after that many seconds; after half as many where it was over before."""
    for _ in range(6):
        child = victim.start(name)
        time.sleep(after)
        if child.kill():
            finding.trials += 1
            return
        after /= 2
    finding.failures.append(f"{name} was never alive when it was killed")


def _kill_in_commit(victim: Victim, name: str, held: tuple[str, str], finding: Finding) -> None:
    """Kill a step that waits inside its commit for a table of the catalog that we hold."""
    catalog, table = held
    with _held(catalog, table) as is_blocked:
        child = victim.start(name)
        stuck = _wait_until_blocked(child, is_blocked)
        was_alive = child.kill()
    finding.expect(stuck and was_alive, f"{name} never waited for {table}")


class _Blocked:
    """Asks whether a process waits for a lock inside PostgreSQL."""

    def __init__(self, catalog: str) -> None:
        self._session = psycopg2.connect(catalog)
        self._session.autocommit = True

    def __call__(self, pid: int) -> bool:
        with self._session.cursor() as cursor:
            cursor.execute(BLOCKED, (f"overture {pid}@%",))
            found = cursor.fetchone()
        return bool(found and found[0])

    def close(self) -> None:
        """End the session."""
        self._session.close()


@contextlib.contextmanager
def _held(catalog: str, table: str) -> Iterator[_Blocked]:
    """Hold a table of the catalog against writers; readers pass."""
    is_blocked, session = _Blocked(catalog), psycopg2.connect(catalog)
    try:
        with session.cursor() as cursor:
            cursor.execute(f"lock table {table} in exclusive mode")
            yield is_blocked
    finally:
        session.close()
        is_blocked.close()


def _wait_until_blocked(child: Child, is_blocked: _Blocked) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if is_blocked(child.pid):
            return True
        if child.has_ended():
            return False
        time.sleep(0.02)
    return False


def _retry(victim: Victim, name: str, finding: Finding) -> None:
    outcome = victim.start(name).wait()
    if outcome.error is not None or outcome.was_killed:
        finding.failures.append(f"the retry of {name}: {outcome.error or 'killed'}")


def difference(expected: dict[str, str], found: dict[str, str]) -> str:
    """Return the tables whose fingerprints differ, with both."""
    return "; ".join(
        f"{table}: {text} / {found.get(table)}" for table, text in expected.items() if text != found.get(table)
    )
