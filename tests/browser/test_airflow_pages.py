"""Overture's pages inside Airflow, as somebody sees them who has logged in to it."""

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

import report_day
from airflow_pages import SHOWN, Running, lay_day, visiting
from chromium import DESK, PHONE
from explained_day import DAY, REFUSED
from overture.reporting import report_path
from overture.settings import Settings

PATHS = {
    "calendar": "/overture/",
    "refused day": f"/overture/day?day={REFUSED}",
    "explorer": f"/overture/messages?day={DAY}",
    "message": f"/overture/message?day={DAY}&user=ana",
    "no message": f"/overture/message?day={DAY}&user=ben",
}

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_page_fits_its_window_without_an_error_or_a_serious_fault_and_asks_nobody_else(
    browser: Browser, airflow: Running, path: str
) -> None:
    for width, scheme in ((PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")):
        with visiting(browser, airflow, path, width, scheme) as seen:
            assert seen.page.locator("h1").count() == 1
            assert seen.page.evaluate("document.documentElement.scrollWidth") == width
            found = Axe().run(seen.page).response["violations"]
            assert seen.page.locator("img").count() == 0
            assert "\u202e" not in seen.page.content()
            grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
            assert {fault["id"]: fault["nodes"][0]["html"][:200] for fault in grave} == {}
            assert (seen.errors, seen.asked) == ([], [])


def test_who_is_not_logged_in_gets_nothing(browser: Browser, airflow: Running) -> None:
    context = browser.new_context()
    try:
        for path in (*PATHS.values(), f"/overture/reports/{DAY}/index.html"):
            answer = context.new_page().goto(f"{airflow.address}{path}")
            assert answer is not None
            assert (answer.status, "ana" in answer.text()) == (401, False)
    finally:
        context.close()


@pytest.fixture
def changed(airflow: Running) -> Iterator[Running]:
    """Airflow, for a test that changes the day: it is laid anew behind it."""
    yield airflow
    lay_day(airflow.settings)


def test_a_person_finds_a_message_from_airflow_s_menu_and_takes_it_back(browser: Browser, changed: Running) -> None:
    with visiting(browser, changed, "/") as seen:
        seen.page.get_by_text("Overture", exact=True).first.click()
        ours = seen.page.frame_locator("iframe")
        ours.get_by_role("link", name="28 published").click()
        ours.get_by_role("link", name="The day's messages").click()
        ours.get_by_label("Reader, how the id begins").fill("an")
        ours.get_by_role("button", name="Find").click()
        ours.get_by_role("link", name="Why ana got this").click()
        expect(ours.locator(".card .text")).to_contain_text(SHOWN)
        ours.get_by_role("button", name="$2.49").hover()
        expect(ours.locator(".proof", has_text="marts.item_facts.price:item_id=ice")).to_be_visible()
        ours.get_by_label("Reason").fill('the price is <b>wrong</b> "today"')
        ours.get_by_role("button", name="Recall this message").click()
        expect(ours.locator("h1")).to_have_text("What was withdrawn from this reader", timeout=60_000)
        expect(ours.locator("main > p")).to_contain_text("admin recalled it")
        expect(ours.locator("main > p")).to_contain_text('the price is <b>wrong</b> "today"')
        expect(ours.get_by_role("button", name="Recall this message")).to_have_count(0)
        ours.get_by_role("link", name="Messages").click()
        expect(ours.locator(".card")).to_contain_text("Recalled: withdrawn from this reader")
        expect(ours.locator(".card .text")).to_have_count(0)
        assert (seen.errors, seen.asked) == ([], [])


def test_the_report_of_a_day_is_drawn_inside_airflow(browser: Browser, airflow: Running) -> None:
    with visiting(browser, airflow, f"/overture/day?day={DAY}") as seen:
        seen.page.get_by_role("link", name="The day's report").click()
        seen.page.wait_for_url("**/index.html")
        if seen.page.locator("#charts").count():
            seen.page.wait_for_function("document.documentElement.dataset.drawn", timeout=60_000)
        assert seen.page.locator("[data-chart] canvas").count() == seen.page.locator("[data-chart]").count()
        assert SHOWN in seen.page.locator(".card .text").first.inner_text()
        assert (seen.errors, seen.asked) == ([], [])


def test_the_documents_beside_a_report_open_inside_airflow_too(
    browser: Browser, airflow: Running, report_home: Settings
) -> None:
    made = report_path(report_home, report_day.DAY).parent
    shutil.copytree(
        made, report_path(airflow.settings, DAY).parent, ignore=shutil.ignore_patterns("index.html"), dirs_exist_ok=True
    )
    for name, said in {"data_docs/landed_events.html": "events: 690", "dbt_docs.html": "overture"}.items():
        with visiting(browser, airflow, f"/overture/reports/{DAY}/{name}") as seen:
            expect(seen.page.locator("body")).to_contain_text(said)
            # A picture that dbt's page names by a placeholder is nowhere.
            assert [line for line in seen.errors if "Loading the image" not in line] == []
            assert seen.asked == []
