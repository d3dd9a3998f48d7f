"""The proofs by name, each on homes of its own below one folder, and how much each does."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from prove.as_of import prove_as_of
from prove.kills import Stage, prove_cold_kills, prove_kills
from prove.line import Line, convert_model, home, server_of
from prove.parallel import Parallel, prove_parallel
from prove.races import Day, prove_races, prove_zombies
from prove.readers import reading
from prove.shop import Shop
from prove.table import Finding

USERS = 12


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

    @classmethod
    def short(cls) -> "Size":
        """A few trials of each."""
        return cls(1, ("publish_day",), cold_kills=2, races=1, zombies=2, readers=3, parallel_days=3)


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
    size, shop = workshop.size, workshop.shop
    reference, victim, drops = (
        workshop.line("undisturbed"),
        workshop.line("killed"),
        workshop.folder / "killed" / "drops",
    )
    dataclasses.replace(shop, seed=shop.seed + 1).drop(drops, workshop.day)
    stage = Stage(
        reference,
        victim,
        lambda: shop.drop(drops, workshop.day),
        workshop.day,
        workshop.folder,
        size.kills_a_step,
        size.chosen_steps,
        size.readers,
    )
    cold = prove_cold_kills(workshop.line("cold"), workshop.day, size.cold_kills, workshop.seed)
    return [*prove_kills(stage, workshop.seed), cold]


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


PROOFS: dict[str, Callable[[Workshop], list[Finding]]] = {
    "as_of": as_of,
    "kills": kills,
    "races": races,
    "parallel": parallel,
}
