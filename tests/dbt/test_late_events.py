"""Days landed anew, in any order: each event stands on the first day that it arrived on, and on no other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake

THIRTIETH, DAY, NEXT_DAY = date(2017, 3, 30), date(2017, 3, 31), date(2017, 4, 1)


def days_of(lake: SmallLake, event_id: str) -> list[date]:
    found = lake.rows("select data_day from intermediate.int_events_cleaned where event_id = ? order by 1", event_id)
    return [day for (day,) in found]


def counted(lake: SmallLake, day: date, user: str, item: str) -> list[int]:
    found = lake.rows(
        "select event_count from intermediate.int_interactions_weighted"
        " where data_day = ? and user_id = ? and item_id = ?",
        day,
        user,
        item,
    )
    return [count for (count,) in found]


@pytest.fixture
def built(lake: SmallLake) -> SmallLake:
    lake.build(layers=("staging", "intermediate"))
    return lake


def test_an_event_moves_to_the_earlier_day_that_turns_out_to_have_brought_it_and_back(built: SmallLake) -> None:
    built.plant({"events": [built.event(31, "bert", "tea", data_day=THIRTIETH)]})
    built.build(THIRTIETH, ("intermediate",))
    assert days_of(built, "3-31-bert-tea") == [THIRTIETH]
    assert counted(built, DAY, "bert", "tea") == [1]
    built.remove("events where event_id = '3-31-bert-tea' and data_day = date '2017-03-30'")
    built.build(THIRTIETH, ("intermediate",))
    assert days_of(built, "3-31-bert-tea") == [DAY]
    assert counted(built, DAY, "bert", "tea") == [1]


def test_a_day_landed_anew_whose_build_was_killed_is_cleaned_by_the_next_day(built: SmallLake) -> None:
    built.plant({"events": [built.event(30, "bert", "jam")]})
    assert days_of(built, "3-30-bert-jam") == []
    built.build(DAY, ("intermediate",))
    assert days_of(built, "3-30-bert-jam") == [THIRTIETH]
    assert counted(built, DAY, "bert", "jam") == [1]
    built.remove("events where event_id = '3-30-bert-jam'")


def test_an_event_delivered_after_its_day_is_seen_by_the_run_of_its_arrival_and_not_before(built: SmallLake) -> None:
    built.plant({"events": [built.event(1, "anna", "nut", month=4, occurred_at=built.at(9, 30))]})
    built.build(NEXT_DAY, ("intermediate",))
    for day in (THIRTIETH, DAY):
        built.build(day, ("intermediate",))
        assert counted(built, day, "anna", "nut") == []
    assert counted(built, NEXT_DAY, "anna", "nut") == [1]
    assert days_of(built, "4-1-anna-nut") == [NEXT_DAY]
