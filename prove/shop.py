"""A small shop made from a seed: its nightly drops, its source, and a loud future that no earlier day may hear of."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = date(2024, 3, 24)
"""A week before the clocks of Paris go forward: the change lies within the drops."""

SOURCE = """\
# A generated shop; its times are those of its own clock.
name = "small_shop"
currency = "EUR"
timezone = "Europe/Paris"
first_day = {first_day}
last_day = {last_day}

[events]
files = "{folder}/{{data_day}}/events.csv"
format = "csv"
max_quarantined_share = 0.1

[events.columns]
event_id = "id"
user_id = "user"
item_id = "item"
event_type = "what"
occurred_at = "at"
quantity = "pieces"
value = "paid"
context = "basket"

[events.types]
purchase = 1.0
view = 0.1

[items]
files = "{folder}/{{data_day}}/items.jsonl"
format = "jsonl"
max_quarantined_share = 0.1

[items.columns]
item_id = "item"
title = "title"
department = "department"
category = "shelf"
brand = "maker"
size = "size"
price = "price"
available = "available"
valid_from = "since"

[users]
files = "{folder}/{{data_day}}/users.parquet"
format = "parquet"
max_quarantined_share = 0.1

[users.columns]
user_id = "user"
has_consent = "consent"
locale = {{ value = "en_US" }}
age_band = "age"
valid_from = "since"

[offers]
files = "{folder}/{{data_day}}/offers.csv"
format = "csv"
max_quarantined_share = 0.1

[offers.columns]
offer_id = "offer"
item_id = "item"
audience = {{ value = "everyone" }}
starts_on = "from"
ends_on = "to"
"""

DEPARTMENTS = ("GROCERY", "DAIRY", "BAKERY", "PRODUCE", "HOUSEHOLD")
NOUNS = ("BREAD", "CHEESE", "TEA", "JAM", "SOAP", "APPLES", "YOGURT", "RICE", "COFFEE", "CANDLES")
KINDS = ("PLAIN", "DARK", "SWEET", "SMOKED", "SOFT", "WHITE", "GREEN", "GOLDEN")


USER_COLUMNS = pa.schema([("user", pa.string()), ("consent", pa.bool_()), ("age", pa.string()), ("since", pa.date32())])


@dataclass(frozen=True)
class Shop:
    """How big a shop is, its first day, and the seed of its drops: the same shop drops the same bytes."""

    users: int = 40
    items: int = 80
    days: int = 12
    events_a_day: int = 150
    seed: int = 20240324
    first_day: date = FIRST_DAY

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """Every day that the shop drops files for, in order."""
        return tuple(self.first_day + timedelta(days=n) for n in range(self.days))

    def open(self, folder: Path, *, loud_after: date | None = None) -> Path:
        """Write every day's drop and the source below `folder`; return the source's file.

        loud_after: on the days after it the shop also drops a bestseller, dearer and renamed items, withdrawn
        consent and late events, some of them dated back to that day.
        """
        for day in self.dates:
            self.drop(folder, day, loud_after if loud_after is not None and day > loud_after else None)
        source = folder / "small_shop.toml"
        text = SOURCE.format(folder=folder, first_day=self.dates[0], last_day=self.dates[-1])
        source.write_text(text, encoding="utf-8")
        return source

    def drop(self, folder: Path, day: date, loud_since: date | None = None) -> None:
        """Write the files of one day; `loud_since` adds what is dated back to that day."""
        place = folder / str(day)
        place.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng([self.seed, day.toordinal()])
        events = self._events(day, random)
        items, users = self._items(day, random), self._users(day, random)
        if loud_since is not None:
            events += loud_events(day, loud_since)
            items += [{**item, "price": 99.0, "title": f"LOUD {item['title']}"} for item in self._catalogue(loud_since)]
            users += [{"user": f"u{n:03}", "consent": False, "age": None, "since": loud_since} for n in range(10)]
        _write_csv(place / "events.csv", ("id", "user", "item", "what", "at", "pieces", "paid", "basket"), events)
        lines = "".join(json.dumps(item, default=str) + "\n" for item in items)
        (place / "items.jsonl").write_text(lines, encoding="utf-8")
        pq.write_table(pa.Table.from_pylist(users, schema=USER_COLUMNS), place / "users.parquet")
        _write_csv(place / "offers.csv", ("offer", "item", "from", "to"), self._offers(day))

    def _events(self, day: date, random: np.random.Generator) -> list[Sequence[object]]:
        """Two tastes: users of even number buy items of even number, mostly. Every fortieth event is two days late."""
        count = self.events_a_day
        users = random.integers(0, self.users, count)
        items = random.integers(0, self.items // 2, count) * 2 + (users + (random.random(count) < 0.1)) % 2
        minutes = random.integers(0, 24 * 60, count)
        late = (np.arange(count) % 40 == 0) & (day >= self.dates[0] + timedelta(days=2))
        rows: list[Sequence[object]] = []
        for n in range(count):
            happened = datetime.combine(day - timedelta(days=2 * int(late[n])), datetime.min.time())
            at = happened + timedelta(minutes=int(minutes[n]))
            what = "view" if n % 5 == 0 else "purchase"
            basket = "" if what == "view" else f"{day}-{users[n]}"
            paid = "" if what == "view" else f"{1 + items[n] % 9}.50"
            rows.append((f"{day}-{n}", f"u{users[n]:03}", f"i{items[n]:03}", what, at, 1, paid, basket))
        return rows

    def _items(self, day: date, random: np.random.Generator) -> list[dict[str, object]]:
        if day == self.dates[0]:
            return self._catalogue(day)
        changed = set(random.integers(0, self.items, 4).tolist())
        return [
            {**item, "price": float(item["price"]) + 0.25}  # type: ignore[arg-type]
            for n, item in enumerate(self._catalogue(day))
            if n in changed
        ]

    def _catalogue(self, day: date) -> list[dict[str, object]]:
        return [
            {
                "item": f"i{n:03}",
                "title": f"{KINDS[n % len(KINDS)]} {NOUNS[n // len(KINDS) % len(NOUNS)]}",
                "department": DEPARTMENTS[n % len(DEPARTMENTS)],
                "shelf": NOUNS[n // len(KINDS) % len(NOUNS)],
                "maker": "National" if n % 3 else "Private",
                "size": f"{1 + n % 5} KG",
                "price": 1 + n % 9 + 0.5,
                "available": n % 17 != 0,
                "since": day,
            }
            for n in range(self.items)
        ]

    def _users(self, day: date, random: np.random.Generator) -> list[dict[str, object]]:
        asked = range(self.users) if day == self.dates[0] else random.integers(0, self.users, 2).tolist()
        return [
            {"user": f"u{n:03}", "consent": bool((n + day.toordinal()) % 7), "age": f"{20 + n % 5 * 10}s", "since": day}
            for n in sorted(set(asked))
        ]

    def _offers(self, day: date) -> list[Sequence[object]]:
        number = (day - self.dates[0]).days
        last = day + timedelta(days=5)
        return [(f"o{number}", f"i{(number * 7 + n) % self.items:03}", day, last) for n in range(3)]


def loud_events(day: date, since: date) -> list[Sequence[object]]:
    """Return a run on one item: most of it on `day`, and some that happened on `since` and is delivered late."""
    rows: list[Sequence[object]] = []
    for n in range(60):
        happened = day if n % 3 else since
        at = datetime.combine(happened, datetime.min.time()) + timedelta(hours=12, minutes=n)
        rows.append((f"{day}-loud-{n}", f"u{n % 40:03}", "i001", "purchase", at, 9, "9.00", f"loud-{day}-{n}"))
    return rows


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
