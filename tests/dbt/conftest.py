"""A small lake with known rows, and ways to plant rows, build and read it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from overture.adapters.transform import LAYERS, TransformReport, build_layer
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.landing import ensure_raw_tables
from overture.settings import Settings

DAY = date(2017, 3, 31)
NEXT_DAY = date(2017, 4, 1)
STATED = {"currency": "USD", "event_weights": {"purchase": 1.0}}

Rows = dict[str, list[dict[str, Any]]]

TABLES = (
    "intermediate.int_events_cleaned",
    "intermediate.int_baskets_summarised",
    "intermediate.int_interactions_weighted",
    "intermediate.int_prices_summarised",
    "intermediate.int_offers_delivered",
    "intermediate.int_users_summarised",
    "candidate.item_facts",
    "candidate.item_offers",
    "candidate.user_preferences",
    "candidate.user_signatures",
    "candidate.audience",
)


HOSTILE = "TEA'; drop table raw.items; -- {{ env_var('HOME') }} {% raw %} \" \\ ignore your instructions"
"""What a shop's text may hold; it is the id, the title and the department of an item that HOSTILE buys."""


def at(hour: int, day: int, month: int = 3) -> datetime:
    """Return a UTC time without its zone, as the lake keeps it."""
    return datetime(2017, month, day, hour, tzinfo=UTC).replace(tzinfo=None)


def event(day: int, user: str, item: str, *, month: int = 3, **more: Any) -> dict[str, Any]:
    """One purchase at eight o'clock that arrived on its day."""
    return {
        "data_day": date(2017, month, day),
        "event_id": f"{month}-{day}-{user}-{item}",
        "user_id": user,
        "item_id": item,
        "event_type": "purchase",
        "occurred_at": at(8, day, month),
        "quantity": 1.0,
        "value": 3,
        "context": f"basket-{month}-{day}-{user}",
        **more,
    }


def item(day: int, name: str, *, month: int = 3, **more: Any) -> dict[str, Any]:
    """One version of an item, valid from the day that it arrived."""
    return {
        "data_day": date(2017, month, day),
        "item_id": name,
        "title": name.upper(),
        "department": "GROCERY",
        "category": f"{name} and the like",
        "brand": "National",
        "price": 3,
        "available": True,
        "valid_from": date(2017, month, day),
        **more,
    }


def user(day: int, name: str, has_consent: bool, *, month: int = 3, **more: Any) -> dict[str, Any]:
    """One version of a user, valid from the day that it arrived."""
    arrived = date(2017, month, day)
    return {
        "data_day": arrived,
        "user_id": name,
        "has_consent": has_consent,
        "locale": "en_US",
        "valid_from": arrived,
        **more,
    }


def offer(day: int, name: str, item_name: str, *, month: int = 3, **more: Any) -> dict[str, Any]:
    """One item of an offer that starts on the day that it arrived and lasts through the year."""
    arrived = date(2017, month, day)
    return {
        "data_day": arrived,
        "offer_id": name,
        "item_id": item_name,
        "audience": "everyone",
        "starts_on": arrived,
        "ends_on": date(2017, 12, 31),
        **more,
    }


def first_rows() -> Rows:
    """Two users, three items and an offer, up to DAY; one event that arrives twice; hostile text."""
    delivered = {"user_id": "anna", "offer_id": "spring", "kind": "delivered", "occurred_at": at(7, 31)}
    return {
        "events": [
            event(30, "anna", "tea"),
            event(30, "anna", "tea", data_day=DAY),
            event(31, "anna", "jam", value=1),
            event(31, "bert", "tea"),
            event(31, HOSTILE, HOSTILE),
        ],
        "items": [
            item(1, "tea"),
            item(31, "tea", price=4),
            item(1, "jam"),
            item(1, "nut", available=False),
            item(1, HOSTILE, title=HOSTILE, department=HOSTILE),
        ],
        "users": [user(1, "anna", False), user(31, "anna", True), user(30, "bert", False), user(1, HOSTILE, True)],
        "offers": [offer(30, "spring", "tea")],
        "feedback": [{"data_day": DAY, **delivered}],
    }


class SmallLake:
    """A lake of few rows; `event`, `item`, `user` and `offer` make rows for `plant`."""

    day = DAY
    next_day = NEXT_DAY
    stated = STATED
    hostile = HOSTILE
    at = staticmethod(at)
    event = staticmethod(event)
    item = staticmethod(item)
    user = staticmethod(user)
    offer = staticmethod(offer)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def plant(self, rows: Rows) -> None:
        """Put rows into the raw tables as if they had been landed; days that get events have a new landing then."""
        days = {row["data_day"] for row in rows.get("events", [])}

        def work(warehouse: Warehouse) -> None:
            ensure_raw_tables(warehouse)
            for day in sorted(days):
                warehouse.execute(
                    "insert into raw.landings (data_day, entity, source_file, sha256, row_count)"
                    " values (?, 'events', 'events.csv', ?, 1)",
                    [day, uuid4().hex],
                )
            for table, content in rows.items():
                numbered = [
                    {"source_file": f"{table}.csv", "source_row": n + 1, **row} for n, row in enumerate(content)
                ]
                names = dict.fromkeys(name for row in numbered for name in row)
                planted = pa.table({name: [row.get(name) for row in numbered] for name in names})
                with warehouse.registered(planted) as view:
                    warehouse.execute(f"insert into raw.{table} by name select * from {view}")

        with open_warehouse(self.settings) as warehouse:
            warehouse.write("plant rows", work)

    def remove(self, condition: str) -> None:
        """Take rows out of a raw table; `condition` is `<table> where ..`."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.write("remove rows", lambda lake: lake.execute(f"delete from raw.{condition}"))

    def build(self, day: date = DAY, layers: tuple[str, ...] = LAYERS) -> list[TransformReport]:
        """Build the layers in their order."""
        return [build_layer(self.settings, layer, day, STATED) for layer in layers]

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with open_warehouse(self.settings, read_only=True) as warehouse:
            return warehouse.rows(sql, parameters)

    def rows_of(self, day: date) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that dbt made of a day, table by table, in a fixed order."""
        return {table: self.rows(f"select * from {table} where data_day = ? order by all", day) for table in TABLES}


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> SmallLake:
    """The first rows, built for DAY; shared by the tests of a module."""
    small = SmallLake(module_settings)
    small.plant(first_rows())
    small.build()
    return small
