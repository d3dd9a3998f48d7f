"""What the report of a day holds: what is published, nothing that was recalled, and a word for what a lake lacks."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import report_day
from overture import reporting
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import Recall, record_recall
from overture.adapters.warehouse.report_reads import read_day
from overture.configuration import load_config
from overture.recalling import recall
from overture.settings import Settings
from report_day import DAY, HOSTILE

NOW = datetime(2017, 12, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as opened:
        run = report_day.publish(opened, module_settings, messages=60)
        reporting.write_report(run, opened)
        yield opened


def shown(settings: Settings, day: date = DAY) -> str:
    return reporting.report_path(settings, day).read_text(encoding="utf-8")


def readers_on(page: str) -> list[str]:
    return re.findall(r"<dt>To</dt><dd><bdi>(user-\d+)</bdi>", page)


def test_every_section_finds_what_it_asks_for(lake: Warehouse) -> None:
    reads = read_day(lake, DAY, load_config("report"))
    empty = {
        f"{section}.{name}"
        for section, queries in reads.sections.items()
        for name, rows in queries.items()
        if rows is None or not rows.num_rows
    }
    assert empty == set()


def test_the_same_rows_give_the_same_page(lake: Warehouse, module_settings: Settings) -> None:
    first = shown(module_settings)
    reporting.write_day(module_settings, lake, DAY)
    assert shown(module_settings) == first


def test_the_usual_hours_are_those_of_the_days_before_and_not_of_the_day(lake: Warehouse) -> None:
    hours = read_day(lake, DAY, load_config("report")).sections["came_in"]["hours"]
    assert hours is not None
    rows = [row for row in hours.to_pylist() if row["event_type"] == "view"]
    counted = "select {} from raw.events where event_type = 'view' and data_day"
    assert sum(row["events"] for row in rows) == lake.rows(counted.format("count(*)") + " = ?", [DAY])[0][0]
    usual = lake.rows(counted.format("count(*) / 28") + " < ?", [DAY])[0][0]
    assert sum(row["usual"] for row in rows) == pytest.approx(usual, abs=2)
    assert len(rows) == 24


def test_a_message_that_is_recalled_vanishes_from_the_page_that_is_there(
    lake: Warehouse, module_settings: Settings
) -> None:
    someone = readers_on(shown(module_settings))[0]
    assert recall(module_settings, Recall("message", someone, DAY, "wrong", "mia", NOW)) == 1
    page = shown(module_settings)
    assert someone not in readers_on(page)
    assert "1 messages of this day were recalled" in page
    assert len(readers_on(page)) == 20


def test_a_message_that_is_recalled_while_the_page_is_made_is_not_on_it(
    lake: Warehouse, module_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = readers_on(shown(module_settings))[0]
    read = reporting.read_day

    def reads_and_meanwhile_one_is_recalled(*arguments: object) -> object:
        found = read(*arguments)  # type: ignore[arg-type]
        monkeypatch.undo()
        record_recall(lake, Recall("message", someone, DAY, "wrong", "mia", NOW))
        return found

    monkeypatch.setattr(reporting, "read_day", reads_and_meanwhile_one_is_recalled)
    reporting.write_day(module_settings, lake, DAY)
    assert someone not in readers_on(shown(module_settings))


def test_a_day_that_was_not_run_has_a_page_that_says_so(lake: Warehouse, module_settings: Settings) -> None:
    page = reporting.write_day(module_settings, lake, date(2017, 1, 5)).read_text(encoding="utf-8")
    assert "Published by run <code>none</code>" in page
    for said in ("No message of this day is published.", "No file of the day was landed.", "No verdict of this day"):
        assert said in page


def test_the_index_shows_the_health_of_each_published_day_and_links_those_with_a_page(
    lake: Warehouse, module_settings: Settings
) -> None:
    lake.execute(
        "insert into ops.runs (run_id, token, data_day, configuration, is_published)"
        " values ('r', 2, '2017-11-27', 'c', true), ('s', 3, '2017-11-26', 'c', false)"
    )
    page = reporting.write_index(module_settings, lake).read_text(encoding="utf-8")
    assert f'<a href="{DAY}/index.html">{DAY}</a>' in page
    assert '<th scope="row">2017-11-27</th>' in page
    assert "2017-11-26" not in page
    assert "✗ 2 of 3" in page
    assert "10%" in page


def test_a_lake_of_an_older_version_has_a_page_that_says_what_it_lacks(settings: Settings) -> None:
    with open_warehouse(settings) as older:
        run = report_day.publish(older, settings, messages=30)
        for change in (
            "drop table copy.canaries",
            "drop table marts.run_costs",
            "alter table marts.messages drop column signature_id",
        ):
            older.execute(change)
        page = reporting.write_report(run, older).read_text(encoding="utf-8")
    assert page.count("not kept by the version that made this day") == 4
    assert len(readers_on(page)) == 20


def test_a_page_without_its_factors_says_why_there_is_no_map(lake: Warehouse, module_settings: Settings) -> None:
    folder = module_settings.artifacts / "factors" / str(DAY)
    away = folder.rename(folder.with_name("away"))
    try:
        reporting.write_day(module_settings, lake, DAY)
        assert "there is no map of items" in shown(module_settings)
    finally:
        away.rename(folder)


def test_a_hostile_text_is_escaped_in_the_page_itself(lake: Warehouse, module_settings: Settings) -> None:
    for path in (reporting.report_path(module_settings, DAY), reporting.index_path(module_settings)):
        page = Path(path).read_text(encoding="utf-8")
        assert "<img src=x" not in page
        assert "alert(2)</script>" not in page
        assert HOSTILE not in page
