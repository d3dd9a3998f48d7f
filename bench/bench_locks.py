"""The write lock under 1, 4 and 8 processes that all write small days of one lake: how long each waits for its turn."""

import logging
import multiprocessing
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier

import pyarrow as pa

from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import open_warehouse
from overture.settings import Settings

FIRST_DAY, TABLE = date(2017, 1, 1), "candidate.recommendations"
WRITES, ROWS = 48, 1000
WRITERS = (1, 4, 8)


@dataclass(frozen=True)
class Turns:
    """What came of all writers together: seconds from the first to the last write, waits and holds in seconds."""

    seconds: float
    waited: list[float]
    held: list[float]


class Heard(logging.Handler):
    """Keeps what the lock's logger tells of each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []
        self.held: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take the seconds of a turn from its record."""
        if hasattr(record, "waited_seconds"):
            self.waited.append(vars(record)["waited_seconds"])
            self.held.append(vars(record)["held_seconds"])


def main() -> None:
    """Print waits and throughput for each number of writers, and the ratio to one that writes alone."""
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as home:
        settings = Settings.from_environment({"OVERTURE_HOME": home, "OVERTURE_THREADS": "1"})
        with open_catalog(settings), open_warehouse(settings) as lake:
            lake.write("make the table", lambda warehouse: warehouse.ensure_table(TABLE))
            alone: float | None = None
            for writers in WRITERS:
                turns = _measure(settings, writers)
                speed = len(turns.waited) / turns.seconds
                alone = alone or speed
                p50, p95 = (statistics.quantiles(turns.waited, n=100)[at] for at in (49, 94))
                print(
                    f"{writers} writers, {len(turns.waited)} writes of {ROWS} rows: {speed:.1f} a second,"
                    f" {speed / alone:.2f} of one writer; each held the lock {statistics.median(turns.held):.3f} s;"
                    f" waited p50 {p50:.3f} s, p95 {p95:.3f} s, longest {max(turns.waited):.3f} s"
                )


def _measure(settings: Settings, writers: int) -> Turns:
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(writers + 1), context.SimpleQueue()
    started = [context.Process(target=_write, args=(settings, n, writers, ready, answers)) for n in range(writers)]
    for process in started:
        process.start()
    ready.wait()
    begun = time.perf_counter()
    heard = [answers.get() for _ in started]
    seconds = time.perf_counter() - begun
    for process in started:
        process.join()
    return Turns(seconds, [w for waited, _ in heard for w in waited], [h for _, held in heard for h in held])


def _write(
    settings: Settings,
    number: int,
    writers: int,
    ready: Barrier,
    answers: "multiprocessing.SimpleQueue[tuple[list[float], list[float]]]",
) -> None:
    """Write this writer's share of the days, each a day of its own."""
    heard, logger = Heard(), logging.getLogger("overture.locks")
    with open_warehouse(settings) as lake:
        ready.wait()
        logger.setLevel(logging.DEBUG)
        logger.addHandler(heard)
        for turn in range(number, WRITES, writers):
            day = FIRST_DAY + timedelta(days=turn)
            users = [f"u{n}" for n in range(ROWS)]
            lake.replace_day(TABLE, day, pa.table({"data_day": [day] * ROWS, "user_id": users, "rank": [1] * ROWS}))
    answers.put((heard.waited, heard.held))


if __name__ == "__main__":
    main()
