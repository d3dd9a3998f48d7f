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
    token: grows with every run of the lake; of two runs of one day, only the one with the greater token publishes.
    """

    settings: Settings
    day: date
    users: int | None
    run_id: str
    token: int
