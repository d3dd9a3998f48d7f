"""One day made twice at once: two runs side by side, and a retry beside a stopped process that goes on afterwards."""

import random
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg2

from overture.adapters.warehouse.locks import lock_holder
from overture.settings import Settings
from prove.kills import difference
from prove.line import Child, Line, Outcome, step_names
from prove.table import Finding

SETTLED = ("SupersededError", "WarehouseError")
"""How a run that lost may end: it was told that a newer one exists, or its sessions were taken away."""


@dataclass(frozen=True)
class Day:
    """A day that was made undisturbed before, and what its tables hold."""

    line: Line
    day: date
    expected: dict[str, str]
    catalog: str

    def state(self) -> dict[str, Any]:
        """Return the newest token that published, that of the newest run, and the newest snapshot."""
        return dict(self.line.call(lambda: _state(self.line.settings, self.day)))

    def is_one_copy(self, finding: Finding) -> None:
        """Count a trial: the day holds exactly the expected rows, published by its newest run."""
        found, state = self.line.fingerprints(self.day), self.state()
        is_newest = state["published"] == state["newest"]
        otherwise = difference(self.expected, found) or "an older run published"
        finding.expect(found == self.expected and is_newest, f"{otherwise}; {state}")


def prove_races(stage: Day, trials: int, seed: int) -> Finding:
    """Let two whole runs of one day go on at once, again and again."""
    finding, chance = Finding("parallel: two runs of one day at once"), random.Random(seed)  # noqa: S311
    both, superseded = 0, 0
    for _ in range(trials):
        first = stage.line.start(lambda: _whole_run(stage.line.settings, stage.day, stage.line.users))
        time.sleep(chance.uniform(0.0, 3.0))
        second = stage.line.start(lambda: _whole_run(stage.line.settings, stage.day, stage.line.users))
        ends = [first.wait(), second.wait()]
        both += all(end.error is None for end in ends)
        superseded += sum((end.error or "").startswith(SETTLED) for end in ends)
        finding.failures += [str(end.error) for end in ends if end.error and not end.error.startswith(SETTLED)]
        if all(end.error is not None for end in ends):
            finding.failures.append("neither run came through")
        stage.is_one_copy(finding)
    finding.figures = f"{superseded} superseded, {both} times both came through one after the other"
    return finding


def prove_zombies(stage: Day, trials: int, seed: int, seconds: dict[str, float]) -> Finding:
    """Stop a step, let its retry and all after it finish, then let the stopped one go on.

    By turns the step is stopped when it holds the write lock, and at a random moment.
    """
    finding, chance = Finding("parallel: a retry beside a stopped process that goes on"), random.Random(seed)  # noqa: S311
    names = [name for name in step_names() if name != "write_report"]
    ends: dict[str, int] = {}
    held = 0
    for trial in range(trials):
        name = names[(4 + trial * 7) % len(names)]
        run_id = stage.line.open_run(stage.day)
        for before in step_names()[: step_names().index(name)]:
            stage.line.do(before, stage.day, run_id)
        former = _newest_try(stage, name)
        zombie = stage.line.starts_step(name, stage.day, run_id)
        if trial % 2 == 0:
            held += _await_lock(stage.catalog, zombie)
        else:
            # One that is stopped before it has its token is no zombie afterwards, but the newest try.
            while _newest_try(stage, name) == former and not zombie.has_ended():
                time.sleep(0.002)
            time.sleep(chance.random() * seconds[name])
        zombie.pause()
        for after in step_names()[step_names().index(name) :]:
            stage.line.do(after, stage.day, run_id)
        snapshot = stage.state()["snapshot"]
        zombie.go_on()
        end = zombie.wait()
        how = _how(end)
        ends[how] = ends.get(how, 0) + 1
        if stage.state()["snapshot"] != snapshot:
            finding.failures.append(f"{name}: the zombie wrote after its retry ({how})")
        if end.error and not end.error.startswith(SETTLED):
            finding.failures.append(f"{name}: {end.error}")
        stage.is_one_copy(finding)
    finding.require(held > 0, "none was stopped while it held the write lock: no proof")
    finding.figures = ", ".join(f"{how}: {count}" for how, count in sorted(ends.items())) + f"; {held} held the lock"
    return finding


def _newest_try(stage: Day, step: str) -> int:
    """Return the token of the step's newest try; 0 without any."""
    session = psycopg2.connect(stage.catalog)
    try:
        with session.cursor() as cursor:
            cursor.execute(
                "select coalesce(max(token), 0) from overture.tries where data_day = %s and step = %s",
                (stage.day, step),
            )
            return int(cursor.fetchone()[0])
    finally:
        session.close()


def _await_lock(catalog: str, child: Child) -> bool:
    """Wait until the child holds the write lock; say whether it ever did."""
    session = psycopg2.connect(catalog)
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            while not child.has_ended():
                holder = lock_holder(cursor)
                if holder and holder.process.startswith(f"{child.pid}@"):
                    return True
                time.sleep(0.002)
        return False
    finally:
        session.close()


def _how(end: Outcome) -> str:
    return "was over already" if end.error is None else end.error.split(":")[0]


def _whole_run(settings: Settings, day: date, users: int) -> None:
    from overture import steps
    from overture.run import Joining

    run = steps.open_run(settings, day)
    for name in steps.STEPS:
        steps.perform(name, settings, day, Joining(run.run_id, users))


def _state(settings: Settings, day: date) -> dict[str, int]:
    from overture.adapters.warehouse import open_warehouse

    with open_warehouse(settings, read_only=True) as warehouse:
        published, newest = warehouse.rows(
            "select max(token) filter (is_published), max(token) from ops.runs where data_day = ?", [day]
        )[0]
        snapshot = warehouse.rows("select max(snapshot_id) from ducklake_snapshots('lake')")[0][0]
    return {"published": published, "newest": newest, "snapshot": snapshot}
