"""Make the pictures of docs/img from the pages of a home's published day. Usage: scripts/screenshots.py DAY"""

import sys
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from airflow_pages import airflow_over, visiting  # noqa: E402 - found from the line above
from chromium import DESK, launched, opened  # noqa: E402
from overture.core.days import parse_day  # noqa: E402
from overture.reporting import report_path  # noqa: E402
from overture.settings import Settings  # noqa: E402

IMAGES = ROOT / "docs" / "img"

TOP = 1150
"""Pixels of the report that are shown, from its top: the figures of the day and the first messages."""


def main(day: date) -> None:
    """Write docs/img/report.png and docs/img/airflow.png; Airflow runs meanwhile."""
    settings = Settings.from_environment()
    with launched() as browser:
        _show(_report(browser, settings, day))
        _show(_airflow(browser, settings, day))


def _report(browser: Browser, settings: Settings, day: date) -> Path:
    with opened(browser, report_path(settings, day)) as seen:
        # One statement as who steps to it sees it, with its proof.
        seen.page.locator("button.claim").nth(1).focus()
        shown = {"x": 0, "y": 0, "width": DESK, "height": TOP}
        path = IMAGES / "report.png"
        seen.page.screenshot(path=path, clip=shown, full_page=True)
    return path


def _airflow(browser: Browser, settings: Settings, day: date) -> Path:
    """Picture the first message of the day, found from Airflow's own menu."""
    path = IMAGES / "airflow.png"
    with airflow_over(settings, browser) as running, visiting(browser, running, "/") as seen:
        seen.page.get_by_text("Overture", exact=True).first.click()
        ours = seen.page.frame_locator("iframe")
        ours.get_by_role("link", name=f"{day.day} published").first.click()
        ours.get_by_role("link", name="The day's messages").click()
        ours.get_by_role("link", name="got this").first.click()
        ours.locator("button.claim").nth(1).focus()
        seen.page.screenshot(path=path)
    return path


def _show(path: Path) -> None:
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(parse_day(sys.argv[1]))
