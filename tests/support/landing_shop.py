"""A shop whose drops the tests write, and the lake that they are landed in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from overture.adapters.sources import load_source
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.landing import LandingReport, land_day
from overture.settings import Settings

DAY = date(2024, 5, 2)
EVENT_COLUMNS = ("id", "user", "item", "what", "at", "pieces", "paid")
GOOD = ("e1", "u1", "i1", "purchase", "2024-05-02 10:00:00", "1", "2.50")

SHOP = """
name = "shop"
currency = "EUR"
timezone = "{timezone}"
{range}
[events]
files = "{events}"
format = "{format}"
max_quarantined_share = 0.1
{options}
[events.columns]
event_id = "id"
user_id = "user"
item_id = "item"
event_type = "what"
occurred_at = "at"
quantity = "pieces"
value = "paid"
[events.types]
purchase = 1.0
[items]
files = "{{data_day}}/items.jsonl"
format = "jsonl"
max_quarantined_share = 0.1
[items.columns]
item_id = "item"
title = "title"
category = "shelf"
brand = "maker"
price = "price"
available = "available"
valid_from = "since"
[users]
files = "{{data_day}}/users.csv"
format = "csv"
max_quarantined_share = 0.1
[users.columns]
user_id = "user"
has_consent = "consent"
locale = {{ value = "fr_FR" }}
valid_from = "since"
{more}
"""

ITEM = {
    "item": "i1",
    "title": "Soap",
    "shelf": "Bath",
    "maker": None,
    "price": 3,
    "available": True,
    "since": "2024-05-01",
}
USER = ("u1", "true", "2024-05-01")


@dataclass(frozen=True)
class Shop:
    """A shop's folder of drops, and the lake that they are landed in."""

    settings: Settings
    warehouse: Warehouse

    @property
    def folder(self) -> Path:
        return self.settings.landing / "shop"

    def land(self, day: date = DAY, **source: str) -> LandingReport:
        defaults = {"timezone": "UTC", "range": "", "events": "{data_day}/events.csv", "format": "csv"}
        path = self.settings.home / "shop.toml"
        path.write_text(SHOP.format(**{**defaults, "options": "", "more": "", **source}), encoding="utf-8")
        return land_day(self.warehouse, load_source(path), self.settings.landing, day)

    def drop(self, name: str, content: str | bytes, day: date = DAY) -> Path:
        path = self.folder / str(day) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def drop_day(self, *events: Sequence[str], day: date = DAY, items: Sequence[Mapping[str, Any]] = (ITEM,)) -> None:
        """Drop a whole day: events as CSV, items as JSON lines, one user as CSV."""
        self.drop("events.csv", csv_text(EVENT_COLUMNS, *(events or (GOOD,))), day)
        self.drop("items.jsonl", "".join(json.dumps(item) + "\n" for item in items), day)
        self.drop("users.csv", csv_text(("user", "consent", "since"), USER), day)

    def column(self, sql: str) -> list[Any]:
        return [value for (value,) in self.warehouse.rows(sql)]

    def is_empty(self) -> bool:
        return not self.warehouse.columns("raw.landings") or self.column("select count(*) from raw.landings") == [0]


def csv_text(*rows: Sequence[str]) -> str:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row) for row in rows)
    return "".join(line + "\n" for line in quoted)
