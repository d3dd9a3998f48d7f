"""One run of one data day: what every step is given."""

from dataclasses import dataclass
from datetime import date

from overture.settings import Settings


@dataclass(frozen=True)
class Run:
    """Where the run works, which day it makes, and who it is.

    day: the data day; nothing later is read.
    users: how many users get a message; None for the configured number.
    run_id: what started it (an Airflow run id, or one made by the command line).
    worker: which of several workers of a step this is, from 0, and of how many.
    token: grows with every run of the lake; of two runs of one day, only the one with the greater token publishes.
    """

    settings: Settings
    day: date
    users: int | None
    run_id: str
    token: int
    worker: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Joining:
    """Which run a step is done for, and by whom; the fields are those of `Run`. run_id None: the newest of the day."""

    run_id: str | None = None
    users: int | None = None
    worker: tuple[int, int] = (0, 1)


THE_NEWEST = Joining()
