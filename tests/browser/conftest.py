"""One browser for the session, and a home with a published day and all of its pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

import report_day
from chromium import launched
from overture import reporting
from overture.adapters.warehouse import open_warehouse
from overture.settings import Settings


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless; every page that a test opens has a window of its own."""
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def report_home(session_settings: Settings) -> Settings:
    """A home with one published day, hostile texts in every table, its report and what lies beside it."""
    with open_warehouse(session_settings) as warehouse:
        run = report_day.publish(warehouse, session_settings, messages=60)
        reporting.write_documentation(run, warehouse)
        reporting.write_report(run, warehouse)
    return session_settings
