"""The proofs by name, each on homes of its own below one folder, and how much each does."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from prove.as_of import prove_as_of
from prove.copy_kills import prove_copy_kills
from prove.kills import Stage, prove_cold_kills, prove_kills
from prove.line import Child, Line, convert_model, home, server_of, step_names
from prove.machine import main as run_examples
from prove.parallel import Parallel, prove_parallel, prove_processes
from prove.postgresql import debian_server
from prove.races import Day, prove_races, prove_zombies
from prove.readers import reading
from prove.shop import Shop
from prove.table import Finding

USERS = 12

SHORT_KILLS = (
    "open_run", "land_day", "build_intermediate", "train_factors", "write_copy", "render_messages", "publish_day",
)  # fmt: skip
"""The steps that the short proof kills: each kind of write, and the language model at work."""


@dataclass(frozen=True)
class Size:
    """How much is done. chosen_steps: those that are killed inside their commit."""

    kills_a_step: int = 2
    chosen_steps: tuple[str, ...] = ("land_day", "build_intermediate", "rank_items", "render_messages", "publish_day")
    cold_kills: int = 5
    races: int = 10
    zombies: int = 10
    readers: int = 8
    parallel_days: int = 8
    machine_examples: int = 40
    copy_kills: int = 10


@dataclass(frozen=True)
class Workshop:
    """Where the proofs work. The language model is converted once for all homes."""

    folder: Path
    seed: int
    size: Size

    @cached_property
    def model(self) -> Path:
        """The converted model's folder."""
        return convert_model(self.folder / "model")

    @property
    def shop(self) -> Shop:
        """The shop that every proof takes."""
        return Shop()

    @property
    def day(self) -> date:
        """The day that is made."""
        return self.shop.dates[8]

    def line(self, name: str) -> Line:
        """Return the line of a new home."""
        place = self.folder / name
        place.mkdir(parents=True)
        return Line(home(place / "home", self.shop.open(place / "drops"), self.model), USERS)


def kills(workshop: Workshop) -> list[Finding]:
    """Kill -9 everywhere, with readers."""
    stage = _stage(workshop, ("open_run", *step_names()))
    cold = prove_cold_kills(workshop.line("cold"), workshop.day, workshop.size.cold_kills, workshop.seed)
    return [*prove_kills(stage, workshop.seed), cold]


def _stage(workshop: Workshop, killed_steps: tuple[str, ...]) -> Stage:
    size, shop, day, folder = workshop.size, workshop.shop, workshop.day, workshop.folder
    reference, victim = workshop.line("undisturbed"), workshop.line("killed")
    drops = folder / "killed" / "drops"
    dataclasses.replace(shop, seed=shop.seed + 1).drop(drops, day)
    counts = killed_steps, size.kills_a_step, size.chosen_steps, size.readers
    return Stage(reference, victim, lambda: shop.drop(drops, day), day, folder, *counts)


def short(workshop: Workshop) -> list[Finding]:
    """A few trials of everything: what `make test` runs."""
    workshop = dataclasses.replace(workshop, size=Size(1, ("publish_day",), cold_kills=0, readers=3))
    stage = _stage(workshop, SHORT_KILLS)
    found, line, day = prove_kills(stage, workshop.seed), stage.victim, workshop.day
    with server_of(line.settings) as catalog:
        seconds = dict.fromkeys(step_names(), 1.0)
        made = Day(line, day, line.fingerprints(day), catalog)
        found += [prove_races(made, 1, workshop.seed), prove_zombies(made, 1, workshop.seed, seconds)]
        future = Finding("as of: a day hears nothing of its future")
        loud = workshop.shop.dates[workshop.shop.dates.index(day) + 1]
        workshop.shop.drop(workshop.folder / "killed" / "drops", loud, loud_since=day)
        line.run(loud)
        line.run(day)
        made.is_one_copy(future)
    return [*found, future, *_two_days_at_once(workshop, stage.reference)]


def _two_days_at_once(workshop: Workshop, alone: Line) -> list[Finding]:
    """Make the day and the one before it side by side on PostgreSQL 15, as they are made alone."""
    source, tomorrow = Path(alone.settings.source), workshop.day + timedelta(days=1)
    proof = Parallel(
        workshop.folder / "beside", source, workshop.model, tomorrow, workshop.seed, 2, days=2, at_a_time=2
    )
    with server_of(alone.settings), debian_server() as debian:
        alone.run(proof.backfilled[0])
        made = {day: alone.fingerprints(day) for day in proof.backfilled}
        line = dataclasses.replace(proof.line("home", debian.database()), users=alone.users)
        proof.ready(line, alone)
        return prove_processes(proof, made, "PostgreSQL 15", line)


def races(workshop: Workshop) -> list[Finding]:
    """Make one day twice at once, with readers."""
    line, day, size = workshop.line("races"), workshop.day, workshop.size
    readers = Finding("readers during the races")
    with server_of(line.settings) as catalog:
        line.run(day)
        seconds = line.run(day)
        stage = Day(line, day, line.fingerprints(day), catalog)
        with reading(line, day, workshop.folder / "races" / "readers", size.readers, workshop.seed) as seen:
            found = [
                prove_races(stage, size.races, workshop.seed),
                prove_zombies(stage, size.zombies, workshop.seed, seconds),
            ]
        readers.trials, readers.failures, readers.figures = seen.answers, seen.failures, seen.figures()
    return [*found, readers]


def as_of(workshop: Workshop) -> list[Finding]:
    """Make a day before and after its loud future."""
    return [prove_as_of(workshop.shop, workshop.day, workshop.folder / "as_of", workshop.model, USERS)]


def parallel(workshop: Workshop) -> list[Finding]:
    """Make days beside each other, from the command line and under Airflow, on both servers."""
    # The scheduler's own run is of the real yesterday, so the shop's days end there.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    days, folder = workshop.size.parallel_days, workshop.folder / "parallel"
    shop = Shop(days=days + 2, first_day=yesterday - timedelta(days=days + 1))
    source = shop.open(folder / "drops")
    proof = Parallel(folder, source, workshop.model, yesterday, workshop.seed, workshop.size.readers, days)
    return prove_parallel(proof)


def machine(workshop: Workshop) -> list[Finding]:
    """Drive one lake through landings, corrections, kills and reads in any order, against a model."""
    number, examples = workshop.seed, workshop.size.machine_examples
    finding = Finding("idempotent: any order of runs, corrections and kills", trials=examples)
    outcome = Child(lambda: run_examples(number, examples), workshop.folder / "machine.log").wait()
    if outcome.error is not None or outcome.was_killed:
        finding.failures.append(outcome.error or "killed")
    return [finding]


def copy(workshop: Workshop) -> list[Finding]:
    """Kill the copy worker while its engine works, and let two at once do the rest."""
    return [prove_copy_kills(workshop.model, workshop.folder / "copy", workshop.size.copy_kills, workshop.seed)]


PROOFS: dict[str, Callable[[Workshop], list[Finding]]] = {
    "as_of": as_of,
    "kills": kills,
    "races": races,
    "parallel": parallel,
    "machine": machine,
    "copy": copy,
}
"""What `python -m prove` runs when no name is given."""

SHORT = {"short": short}
