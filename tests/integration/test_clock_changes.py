"""Shops whose clocks change on the day: each event of their files stands in the lake once, at its own instant."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landing_shop import EVENT_COLUMNS, Shop, csv_text
from overture.core.days import bounds
from prove.rendered_models import build_models

CHANGES = [
    ("Europe/Paris", date(2024, 3, 31)),
    ("Europe/Paris", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("Africa/Casablanca", date(2024, 3, 10)),
    ("Africa/Casablanca", date(2024, 4, 14)),
    ("UTC", date(2024, 2, 29)),
]
MINUTES = st.lists(st.integers(0, 24 * 60 - 1), min_size=5, max_size=30)
MODELS = ("stg_shop__events", "stg_shop__landings", "int_days_landed", "int_events_cleaned")


Expected = dict[str, tuple[date, set[datetime]]]
"""Of each event: the day of its file, and the instants that its time can mean."""


def instants(wall: datetime, zone: ZoneInfo) -> set[datetime]:
    """Return what a wall clock's time can mean: one instant, or two where the clock stands there twice or never."""
    return {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)}


def deliver(shop: Shop, zone: ZoneInfo, day: date, minutes: list[int]) -> Expected:
    """Drop a day's file with events at minutes of its wall clock, each written in four ways."""
    rows, expected = [], {}
    for number, minute in enumerate(minutes):
        wall = bounds(day)[0] + timedelta(minutes=minute)
        for form in ("bare", "first", "second", "utc"):
            aware = wall.replace(tzinfo=zone, fold=int(form == "second"))
            at = aware.astimezone(UTC)
            if at.astimezone(zone).date() != day:
                continue
            text = {"bare": str(wall), "utc": f"{at:%Y-%m-%dT%H:%M:%SZ}"}.get(form, aware.isoformat())
            event_id = f"{day} {number} {form}"
            rows.append((event_id, "u1", "i1", "purchase", text, "1", "1"))
            expected[event_id] = (day, instants(wall, zone) if form == "bare" else {at.replace(tzinfo=None)})
    shop.drop_day(day=day)
    shop.drop("events.csv", csv_text(EVENT_COLUMNS, *rows), day)
    return expected


def require_each_once(shop: Shop, expected: Expected) -> None:
    """Compare the cleaned events with what was delivered; each lies within the bounds of one UTC day, its own."""
    found = shop.warehouse.rows(
        "select event_id, data_day, occurred_at, occurred_on from intermediate.int_events_cleaned"
    )
    assert shop.column("select count(*) from raw.quarantine") == [0]
    assert sorted(row[0] for row in found) == sorted(expected)
    for event_id, data_day, occurred_at, occurred_on in found:
        day, possible = expected[event_id]
        assert data_day == day, event_id
        assert occurred_at in possible, event_id
        around = [day + timedelta(days=number) for number in range(-2, 3)]
        within = [other for other in around if bounds(other)[0] <= occurred_at < bounds(other)[1]]
        assert within == [occurred_on], event_id


def empty(shop: Shop) -> None:
    shop.warehouse.execute("drop table if exists intermediate.int_events_cleaned")
    shop.warehouse.execute("drop schema if exists raw cascade")
    shop.warehouse.execute("create schema raw")


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=str)
def test_around_a_change_of_the_clocks_each_event_stands_once_at_its_instant_and_in_one_day(
    shop: Shop, name: str, change: date
) -> None:
    days = [change + timedelta(days=number) for number in (-1, 0, 1)]

    @settings(max_examples=2, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.tuples(MINUTES, MINUTES, MINUTES))
    def check(minutes: tuple[list[int], list[int], list[int]]) -> None:
        empty(shop)
        expected: Expected = {}
        for day, drawn in zip(days, minutes, strict=True):
            # Beside what is drawn, every quarter of an hour of the night, where all changes lie, and the last minute.
            expected |= deliver(shop, ZoneInfo(name), day, [*drawn, *range(0, 240, 15), 24 * 60 - 1])
        shop.land(days[-1], timezone=name, range=f"first_day = {days[0]}")
        build_models(shop.warehouse, MODELS, days[-1], {})
        require_each_once(shop, expected)

    check()
    empty(shop)


@pytest.mark.parametrize(("hour", "offset"), [(1, "-04:00"), (1, "-05:00")])
def test_the_hour_that_comes_twice_is_two_hours_where_the_text_says_its_offset(
    shop: Shop, hour: int, offset: str
) -> None:
    day = date(2024, 11, 3)
    shop.drop_day(("e1", "u1", "i1", "purchase", f"2024-11-03 0{hour}:30:00{offset}", "1", "1"), day=day)
    shop.land(day, timezone="America/New_York")
    utc = hour - int(offset[:3])
    assert shop.column("select occurred_at from raw.events") == [datetime(2024, 11, 3, utc, 30)]  # noqa: DTZ001
