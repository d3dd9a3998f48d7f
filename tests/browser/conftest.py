"""One browser for the session, and a home with a published day and all of its pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

import report_day
from airflow_pages import Running, airflow_over, lay_day
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


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Running]:
    """Airflow over a home of its own, started once, with a browser logged in."""
    home = tmp_path_factory.mktemp("airflow") / "home"
    settings = Settings.from_environment({"OVERTURE_HOME": str(home), "OVERTURE_THREADS": "2"})
    with airflow_over(settings, browser) as running:
        lay_day(settings)
        yield running
