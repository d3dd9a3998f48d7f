"""Make the pictures of docs/img from the pages of a home's published day. Usage: scripts/screenshots.py DAY"""

import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from chromium import DESK, launched, opened  # noqa: E402 - found from the line above
from overture.core.days import parse_day  # noqa: E402
from overture.reporting import report_path  # noqa: E402
from overture.settings import Settings  # noqa: E402

TOP = 1150
"""Pixels of the report that are shown, from its top: the figures of the day and the first messages."""


def main(day: date) -> None:
    """Write docs/img/report.png."""
    settings = Settings.from_environment()
    with launched() as browser, opened(browser, report_path(settings, day)) as seen:
        # One statement as who steps to it sees it, with its proof.
        seen.page.locator("button.claim").nth(1).focus()
        shown = {"x": 0, "y": 0, "width": DESK, "height": TOP}
        path = ROOT / "docs" / "img" / "report.png"
        seen.page.screenshot(path=path, clip=shown, full_page=True)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(parse_day(sys.argv[1]))
