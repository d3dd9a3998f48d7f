"""Eight days made four at a time, with a scheduled and a hand-made run between: equal to each day made alone."""

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prove.airflow import Airflow, airflow_of
from prove.line import Line, home
from prove.postgresql import debian_server
from prove.readers import Seen, reading
from prove.side_by_side import USERS, Waits, lock_logs, make_days
from prove.table import Finding

EVERYBODY = 200
"""Messages of a scheduled run: the configured number, which is more than the shop has users."""

Made = dict[date, dict[str, str]]
"""Day -> table -> its fingerprint."""


@dataclass(frozen=True)
class Parallel:
    """Where the proof works. yesterday: the day of the scheduler's own run; the shop's days end with it."""

    folder: Path
    source: Path
    model: Path
    yesterday: date
    seed: int
    readers: int
    days: int = 8
    at_a_time: int = 4

    @property
    def backfilled(self) -> list[date]:
        """The days before the scheduled one."""
        return [self.yesterday - timedelta(days=number) for number in range(self.days, 0, -1)]

    @property
    def by_hand(self) -> date:
        """The day of the run that is started by hand."""
        return self.yesterday - timedelta(days=self.days + 1)

    def line(self, name: str, catalog: str | None = None) -> Line:
        """Return the line of a new home."""
        return Line(home(self.folder / name, self.source, self.model, catalog), USERS)

    def ready(self, line: Line, alone: Line) -> None:
        """Make what readers read, and store the drafts of the days that were made alone."""
        line.open_run(self.backfilled[0])  # the day's own run supersedes this one
        alone.give_drafts(line)

    def watched(self, line: Line) -> Any:
        """Let readers poll the first backfilled day; the tables must be there."""
        return reading(line, self.backfilled[0], line.settings.home / "readers", self.readers, self.seed)


def prove_parallel(proof: Parallel) -> list[Finding]:
    """Make the days alone, then at once from the command line and under the scheduler, on either server.

    The language model writes for the days that are made alone; the other homes are given its drafts.
    """
    with debian_server() as debian:
        alone = proof.line("alone")
        expected = made_alone(proof, alone)
        findings = []
        for name, new_database in (("embedded PostgreSQL", lambda: None), ("PostgreSQL 15", debian.database)):
            for prove, way in ((prove_processes, "processes"), (prove_scheduler, "scheduler")):
                line = proof.line(f"{way}-{name.replace(' ', '-')}", new_database())
                proof.ready(line, alone)
                findings += prove(proof, expected, name, line)
    return findings


def made_alone(proof: Parallel, line: Line) -> Made:
    """Make each day by a run that nothing goes on beside; return their fingerprints."""
    everybody = dataclasses.replace(line, users=EVERYBODY)
    failures = make_days(line, [proof.by_hand, *proof.backfilled], 1) + make_days(everybody, [proof.yesterday], 1)
    if failures:
        raise RuntimeError(f"a day alone: {failures[0]}")
    return {day: line.fingerprints(day) for day in [proof.by_hand, *proof.backfilled, proof.yesterday]}


def prove_processes(proof: Parallel, alone: Made, server: str, line: Line) -> list[Finding]:
    """Make the days by several processes at once."""
    finding = Finding(f"parallel: {proof.days} days by {proof.at_a_time} processes, {server}")
    began = time.monotonic()
    with proof.watched(line) as seen:
        failures = make_days(line, proof.backfilled, proof.at_a_time)
    finding.failures += failures
    seconds = time.monotonic() - began
    _compare(finding, alone, {day: line.fingerprints(day) for day in proof.backfilled})
    finding.figures = f"{seconds:.0f} s; {Waits.read(lock_logs(line))}"
    return [finding, _readers(finding.promise, seen)]


def prove_scheduler(proof: Parallel, alone: Made, server: str, line: Line) -> list[Finding]:
    """Backfill eight days under Airflow, beside a scheduled run and one by hand; then clear and repeat."""
    parallel = Finding(f"parallel: {proof.days} days {proof.at_a_time} at a time under Airflow, {server}")
    cleared = Finding(f"idempotent: cleared in Airflow, {server}")
    began = time.monotonic()
    with airflow_of(line.settings) as airflow, proof.watched(line) as seen:
        hand_made = airflow.trigger(proof.by_hand, USERS)
        runs = airflow.backfill(proof.backfilled[0], proof.backfilled[-1], USERS, proof.at_a_time)
        runs |= {proof.by_hand: hand_made, proof.yesterday: airflow.scheduled(proof.yesterday)}
        states = {day: airflow.wait(run_id) for day, run_id in runs.items()}
        for day, state in states.items():
            parallel.expect(state == "success", f"the run of {day}: {state}")
        seconds = time.monotonic() - began
        most = airflow.most_at_once(runs[day] for day in proof.backfilled)
        parallel.expect(most == proof.at_a_time, f"{most} backfilled days at a time")
        tries = airflow.retried_tasks(runs.values())
        _compare(parallel, alone, {day: line.fingerprints(day) for day in runs})
        _clear(cleared, airflow, alone, line, runs)
    waits = Waits.read(line.settings.airflow.glob("logs/dag_id=*/**/*.log"))
    parallel.figures = f"{seconds:.0f} s, {most} at once, {tries} task retries; {waits}"
    return [parallel, cleared, _readers(parallel.promise, seen)]


def _clear(finding: Finding, airflow: Airflow, alone: Made, line: Line, runs: Mapping[date, str]) -> None:
    """Clear one task with all below it, one alone, and a whole run; each leaves the same rows."""
    first, second, third = sorted(runs)[1:4]
    airflow.clear_task(runs[first], "rank_items", downstream=True)
    airflow.clear_task(runs[second], "publish_day", downstream=False)
    airflow.clear_run(runs[third])
    for day in (first, second, third):
        state = airflow.wait(runs[day])
        finding.expect(state == "success", f"the cleared run of {day}: {state}")
    _compare(finding, alone, {day: line.fingerprints(day) for day in runs})


def _compare(finding: Finding, alone: Made, beside: Made) -> None:
    for day, tables in beside.items():
        for table, text in tables.items():
            expected = alone[day][table]
            finding.expect(text == expected, f"{table} of {day}: {text}; alone: {expected}")


def _readers(promise: str, seen: Seen) -> Finding:
    return Finding(f"readers during {promise}", seen.answers, list(seen.failures), seen.figures())
