"""The report of a day with many messages: what it takes to write, how large it is, and how soon a browser shows it."""

import sys
import tempfile
from pathlib import Path

from bench.machine import timed
from overture import reporting
from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import open_warehouse
from overture.settings import CHECKOUT, Settings

sys.path.insert(0, str(CHECKOUT / "tests" / "support"))

import report_day
from chromium import launched, opened

SIZES = (1_000, 100_000)


def main() -> None:
    """Print one line for each size of a day."""
    print(f"{'messages':>9}  {'write, s':>8}  {'again, s':>8}  {'MB':>6}  {'open, s':>7}  {'charts, s':>9}")
    for messages in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings.from_environment({"OVERTURE_HOME": str(Path(folder) / "home")})
            with open_catalog(settings), open_warehouse(settings) as warehouse:
                report_day.publish(warehouse, settings, messages)
                first, again = (
                    timed(lambda: reporting.write_day(settings, warehouse, report_day.DAY))  # noqa: B023
                    for _ in range(2)
                )
            loaded, drawn = _seconds_to_open(first.made)
            size = first.made.stat().st_size / 1e6
        print(f"{messages:>9,}  {first.wall:>8.1f}  {again.wall:>8.1f}  {size:>6.2f}  {loaded:>7.2f}  {drawn:>9.2f}")


def _seconds_to_open(path: Path) -> tuple[float, float]:
    """Return when the page was there to be read, and when all its charts were drawn, after it was asked for."""
    with launched() as browser, opened(browser, path) as seen:
        loaded = seen.page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        drawn = seen.page.evaluate("performance.getEntriesByName('drawn')[0].startTime")
    return loaded / 1000, drawn / 1000


if __name__ == "__main__":
    main()
