from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from overture.settings import PACKAGE

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake

THIRTIETH, DAY, NEXT_DAY = date(2017, 3, 30), date(2017, 3, 31), date(2017, 4, 1)

DayRows = dict[str, list[tuple[Any, ...]]]

BUILDER = """
import json, sys
from dataclasses import replace
from datetime import date
from overture.adapters.transform import build_layer
from overture.settings import Settings

home, catalog, layer, day, stated = sys.argv[1:]
settings = replace(Settings.from_environment({"OVERTURE_HOME": home, "OVERTURE_THREADS": "1"}), catalog=catalog)
build_layer(settings, layer, date.fromisoformat(day), json.loads(stated))
"""


@dataclass
class History:
    """What the lake held of its days after the builds that `history` names; and two pieces of dbt's log."""

    alone: DayRows
    rebuilt: DayRows
    out_of_order: dict[date, DayRows]
    after_the_rebuild: dict[date, DayRows]
    in_order: dict[date, DayRows]
    tea_prices: list[tuple[Any, ...]]
    offers_without_input: list[tuple[Any, ...]]
    first_log: str
    later_log: str


@pytest.fixture(scope="module")
def history(lake: SmallLake) -> History:
    """DAY alone; rows of the future landed; the days around it, the later one first; DAY again; all in order."""
    log = lake.settings.home / "dbt" / "logs" / "dbt.log"
    layers = ("intermediate", "marts")
    alone, first_log = lake.rows_of(DAY), log.read_text(encoding="utf-8")
    lake.plant(rows_of_the_future(lake))
    for day in (NEXT_DAY, THIRTIETH):
        lake.build(day, layers)
    out_of_order = {day: lake.rows_of(day) for day in (THIRTIETH, NEXT_DAY)}
    with pytest.MonkeyPatch.context() as patch:
        # A switch in the caller's environment must not make dbt drop the other days.
        patch.setenv("DBT_FULL_REFRESH", "true")
        lake.build(DAY, layers)
    rebuilt = lake.rows_of(DAY)
    after_the_rebuild = {day: lake.rows_of(day) for day in out_of_order}
    for day in out_of_order:
        lake.build(day, layers)
    in_order = {day: lake.rows_of(day) for day in out_of_order}
    tea_prices = lake.rows("select data_day, price from candidate.item_facts where item_id = 'tea' order by all")
    lake.remove("offers where offer_id = 'spring'")
    lake.build(DAY, ("marts",))
    return History(
        alone=alone,
        rebuilt=rebuilt,
        out_of_order=out_of_order,
        after_the_rebuild=after_the_rebuild,
        in_order=in_order,
        tea_prices=tea_prices,
        offers_without_input=lake.rows_of(DAY)["candidate.item_offers"],
        first_log=first_log,
        later_log=log.read_text(encoding="utf-8").removeprefix(first_log),
    )


def rows_of_the_future(lake: SmallLake) -> dict[str, list[dict[str, Any]]]:
    """Rows that arrive after DAY, some of which say that they are of DAY; and some that arrive on it and hold later."""
    return {
        "events": [
            lake.event(1, "anna", "nut", month=4),
            lake.event(1, "carl", "tea", month=4, occurred_at=lake.at(9, 31)),
        ],
        "items": [
            lake.item(31, "tea", price=9, valid_from=NEXT_DAY),
            lake.item(1, "tea", month=4, price=8, valid_from=DAY),
        ],
        "users": [
            lake.user(31, "bert", True, valid_from=NEXT_DAY),
            lake.user(1, "bert", True, month=4, valid_from=DAY),
        ],
        "offers": [lake.offer(1, "april", "jam", month=4, starts_on=DAY)],
    }


def test_rows_of_the_future_and_a_second_build_change_nothing(history: History) -> None:
    assert all(history.alone.values())
    assert history.rebuilt == history.alone


def test_the_future_is_seen_once_it_is_there(history: History) -> None:
    assert history.tea_prices == [(THIRTIETH, 3), (DAY, 4), (NEXT_DAY, 9)]


def test_a_rebuilt_day_leaves_its_neighbours_alone(history: History) -> None:
    assert history.out_of_order[NEXT_DAY]["candidate.item_offers"]
    assert history.out_of_order[THIRTIETH]["candidate.audience"]
    assert history.after_the_rebuild == history.out_of_order


def test_the_order_in_which_days_are_built_does_not_matter(history: History) -> None:
    assert history.in_order == history.out_of_order


def test_what_is_gone_from_the_input_is_gone_from_the_rebuilt_day(history: History) -> None:
    assert history.rebuilt["candidate.item_offers"]
    assert history.offers_without_input == []


def test_the_stored_parse_of_one_day_serves_another(history: History) -> None:
    assert history.first_log.count("Starting full parse") == 1
    assert history.later_log.count("Completed successfully") == 11
    assert "parse" not in history.later_log


@pytest.mark.usefixtures("history")
def test_two_processes_that_build_one_new_day_leave_it_once(lake: SmallLake) -> None:
    new_day = date(2017, 4, 2)
    lake.plant({"events": [lake.event(2, "anna", "tea", month=4)]})
    home, catalog = str(lake.settings.home), str(lake.settings.catalog)
    command = [sys.executable, "-c", BUILDER, home, catalog, "intermediate", str(new_day), json.dumps(lake.stated)]
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": ""}
    builds = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [build.communicate()[1] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], messages
    rows = lake.rows_of(new_day)
    assert len(rows["intermediate.int_events_cleaned"]) == 1
    assert len(rows["intermediate.int_users_summarised"]) == 4
