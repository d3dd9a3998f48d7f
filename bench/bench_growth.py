"""What one more day costs, step by step, after 30 days of history and after 330: most steps should not notice."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median

from overture import steps
from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import Warehouse, fences, open_warehouse, publish, runs
from overture.adapters.warehouse.contracts import DIARIES, contracts
from overture.run import Joining
from overture.settings import Settings
from prove.shop import Shop

HISTORIES, MORE_DAYS = (30, 330), 3
SHOP = Shop(users=80, items=160, days=max(HISTORIES) + MORE_DAYS, events_a_day=300)
STEPS = tuple(steps.STEPS)[1 : list(steps.STEPS).index("prepare_copy")]
"""Those that read more than the day's candidates; copy is written about them alone."""

WHY = {
    "build_intermediate": "weighs every interaction up to the day",
    "build_marts": "spend of the last year, the versions of every item and user",
    "train_factors": "learns from every interaction, twice: with and without the held-out days",
    "check_interactions": "as many interactions as history has",
    "rank_items": "reads what each user ever bought, and learns from it",
    "check_recommendations": "looks for each listed item in its user's history",
}
"""Steps that must grow with history, and with what."""


def main() -> None:
    """Print the median seconds of each step for both histories, their ratio, and why where it must be above one."""
    taken: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as folder:
        source = SHOP.open(Path(folder))
        for history in HISTORIES:
            home = {"OVERTURE_HOME": str(Path(folder) / str(history)), "OVERTURE_SOURCE": str(source)}
            taken[history] = _measure(Settings.from_environment(home), history)
    few, many = (taken[history] for history in HISTORIES)
    print(f"median of {MORE_DAYS} more days of {SHOP.events_a_day} events each, after {HISTORIES} days")
    for name in few:
        ratio = many[name] / few[name]
        print(f"{name:24} {few[name]:6.2f} s {many[name]:6.2f} s, ratio {ratio:5.2f}  {WHY.get(name, '')}", flush=True)
    print(f"{'all':24} {sum(few.values()):6.2f} s {sum(many.values()):6.2f} s")


def _measure(settings: Settings, history: int) -> dict[str, float]:
    """Make a home with so many days, each with rows of its own in every table, and do some more days there."""
    with open_catalog(settings), open_warehouse(settings) as warehouse:
        first = SHOP.dates[history - 1]
        _do_day(settings, warehouse, first)
        for table in sorted(set(contracts()) - DIARIES):
            _repeat(warehouse, f"candidate.{table}", first, history)
            _repeat(warehouse, f"marts.{table}", first, history)
        for table in ("int_interactions_weighted", "int_users_summarised", "int_prices_summarised"):
            _repeat(warehouse, f"intermediate.{table}", first, history)
        more = [_do_day(settings, warehouse, day) for day in SHOP.dates[history : history + MORE_DAYS]]
    return {name: median(day[name] for day in more) for name in more[0]}


def _repeat(warehouse: Warehouse, table: str, day: date, history: int) -> None:
    """Give each earlier day what the first day that was run has, as if each had been run in its turn."""
    columns = warehouse.columns(table)
    if not columns:
        return
    others = ", ".join(column for column in columns if column != "data_day")
    warehouse.write(
        f"repeat {table}",
        lambda lake: lake.execute(
            f"insert into {table} (data_day, {others}) select data_day - cast(n as integer), {others} from {table},"
            " range(1, $history) as earlier(n) where data_day = $day",
            {"day": day, "history": history},
        ),
    )


def _without_messages(lake: Warehouse) -> None:
    for table in ("messages", "message_claims"):
        lake.ensure_table(f"candidate.{table}")


def _do_day(settings: Settings, warehouse: Warehouse, day: date) -> dict[str, float]:
    """Do the steps up to the lists, and publish them; return the seconds of each."""
    taken: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        taken[name] = time.perf_counter() - start

    with timed("open_run"):
        run = steps.open_run(settings, day)
    for name in STEPS:
        with timed(name):
            steps.perform(name, settings, day, Joining(run.run_id))
    with timed("publish_day"):
        warehouse.attempt = fences.begin_step(warehouse.catalog.lake, day, "publish_day", run.token, run.run_id)
        warehouse.write("no messages", _without_messages)
        publish.publish_day(warehouse, runs.join_run(warehouse, settings, day, run.run_id, None), STEPS, ())
    return taken


if __name__ == "__main__":
    main()
