"""The report of a day and the page over days, as a reader's browser shows them."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from chromium import DESK, PHONE, opened
from overture.reporting import index_path, report_path
from overture.settings import Settings
from report_day import DAY, HOSTILE, SHOWN

PAGES = {"day": lambda settings: report_path(settings, DAY), "days": index_path}
BESIDE = {
    "dbt_docs.html": "item_facts",
    "data_docs/landed_events.html": "events: 690",
    "data_docs/messages.html": "alert(1)",
}
"""Name of a page beside the report -> something that it tells."""


@pytest.fixture(params=PAGES)
def path(request: pytest.FixtureRequest, report_home: Settings) -> Path:
    return PAGES[request.param](report_home)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_opens_without_an_error_asks_nobody_and_fits_its_window(
    browser: Browser, path: Path, width: int, scheme: str
) -> None:
    with opened(browser, path, width, scheme) as seen:
        assert seen.errors == []
        assert seen.asked == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_no_serious_fault_with_everything_unfolded(
    browser: Browser, path: Path, width: int, scheme: str
) -> None:
    with opened(browser, path, width, scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = Axe().run(seen.page).response["violations"]
    grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert {fault["id"]: fault["nodes"][0]["html"][:200] for fault in grave} == {}


def test_every_chart_is_drawn_and_told_in_words_and_in_numbers(browser: Browser, report_home: Settings) -> None:
    with opened(browser, report_path(report_home, DAY)) as seen:
        charts = seen.page.locator("[data-chart]")
        assert charts.count() >= 14
        for number in range(charts.count()):
            chart = charts.nth(number)
            assert chart.locator("canvas").count() == 1
            assert len(chart.get_attribute("aria-label") or "") > 40
        assert seen.page.locator("figure details table").count() == charts.count()


def test_charts_change_with_the_colour_scheme(browser: Browser, report_home: Settings) -> None:
    with opened(browser, report_path(report_home, DAY)) as seen:
        seen.page.emulate_media(color_scheme="dark")
        seen.page.locator("html[data-drawn=dark]").wait_for(state="attached")
        assert seen.page.locator("[data-chart] canvas").count() == seen.page.locator("[data-chart]").count()
        assert seen.errors == []


def test_a_hostile_text_is_text_wherever_it_stands(browser: Browser, report_home: Settings) -> None:
    with opened(browser, report_path(report_home, DAY)) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("script:not([type])").count() == 2
        assert seen.page.locator(".card .text", has_text=SHOWN).count() == 20
        for section in ("written", "came-in", "recommended", "learned", "gates"):
            assert SHOWN in seen.page.locator(f"section[aria-labelledby={section}]").inner_text()
        assert "\u202e" not in seen.page.content()
        specs = seen.page.evaluate("JSON.stringify(JSON.parse(document.getElementById('charts').textContent))")
        assert "onerror=alert(1)" in specs
        assert seen.errors == []


def test_a_tooltip_of_a_chart_shows_a_hostile_name_as_text(browser: Browser, report_home: Settings) -> None:
    with opened(browser, report_path(report_home, DAY)) as seen:
        chart = seen.page.locator("figure", has_text="Places by strategy").locator("canvas")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        for down in range(4, int(box["height"]), 6):
            seen.page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + down)
            if HOSTILE[:28] in seen.page.locator("body").inner_text().split("Made by Overture")[-1]:
                break
        else:
            pytest.fail("no tooltip told the hostile strategy")
        assert seen.page.locator("img").count() == 0
        assert seen.errors == []


def test_the_cell_behind_a_statement_is_shown_to_who_points_and_to_who_types(
    browser: Browser, report_home: Settings
) -> None:
    with opened(browser, report_path(report_home, DAY)) as seen:
        claim = seen.page.locator("button.claim", has_text=".50").first
        proof = seen.page.locator(f"#{claim.get_attribute('aria-describedby')}")
        assert not proof.is_visible()
        claim.hover()
        assert proof.is_visible()
        seen.page.mouse.move(0, 0)
        assert not proof.is_visible()
        claim.focus()
        assert proof.is_visible()
        assert "marts.item_facts.price" in proof.inner_text()


def test_the_index_leads_to_the_day_and_the_day_to_what_lies_beside_it(browser: Browser, report_home: Settings) -> None:
    with opened(browser, index_path(report_home)) as seen:
        seen.page.get_by_role("link", name=str(DAY)).click()
        seen.page.wait_for_url("**/2017-11-28/index.html")
        hrefs = seen.page.locator("section[aria-labelledby=more] a").evaluate_all("all => all.map(a => a.href)")
    folder = report_path(report_home, DAY).parent
    assert sorted(hrefs) == sorted((folder / name).as_uri() for name in BESIDE)


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_the_report_opens_without_asking_anyone(
    browser: Browser, report_home: Settings, name: str
) -> None:
    with opened(browser, report_path(report_home, DAY).parent / name) as seen:
        seen.page.get_by_text(BESIDE[name]).first.wait_for(state="attached")
        assert seen.asked == []
        assert seen.page.locator("img[src=x]").count() == 0
        # dbt's own page looks for pictures that it does not bring.
        assert name == "dbt_docs.html" or seen.errors == []
