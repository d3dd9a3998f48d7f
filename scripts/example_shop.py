"""Make the files of a shop that there is not: Yanaka, teas and groceries from Tokyo, priced in yen.

Usage: scripts/example_shop.py FOLDER [--days N] [--users N] [--seed N]

Events are JSON lines, the catalogue is Parquet, customers and offers are JSON lines, in a folder for each day. What
people look at, put into the cart and buy follows from tastes that the seed draws; the same arguments give the same
bytes. scripts/example_shop.toml maps the files, docs/worked-example.md goes through them.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = date(2025, 3, 1)
MAKERS = ("Hoshino", "Kiyomizu", "Sawada", "Mori")

SHELVES: Mapping[str, tuple[str, int, Mapping[str, str]]] = {
    "Green tea": ("Tea", 1400, {"Sencha": "100 g", "Gyokuro": "50 g", "Hojicha": "100 g", "Genmaicha": "200 g"}),
    "Black tea": ("Tea", 1100, {"Wakoucha": "80 g", "Yuzu Black Tea": "40 g"}),
    "Noodles": ("Pantry", 420, {"Soba": "300 g", "Udon": "300 g", "Somen": "250 g"}),
    "Seasonings": ("Pantry", 680, {"Soy Sauce": "500 ml", "Rice Miso": "400 g", "Rice Vinegar": "500 ml"}),
    "Seaweed": ("Pantry", 560, {"Toasted Nori": "10 ct", "Kombu": "100 g"}),
    "Sweets": ("Bakery", 780, {"Dorayaki": "5 ct", "Yokan": "180 g", "Rice Crackers": "150 g"}),
    "Tableware": ("Home", 2600, {"Tea Bowl": "1 ct", "Teapot": "1 ct", "Chopsticks": "2 ct"}),
}
"""Category -> its department, what a thing of it costs in yen, and its kinds with their package sizes."""


@dataclass(frozen=True)
class Item:
    """An article of the catalogue; price in yen."""

    item_id: str
    title: str
    brand: str
    category: str
    department: str
    size: str
    price: int


@dataclass
class Customer:
    """Somebody who shops: what they like (a share for each item), how often they come, what they have bought."""

    user_id: str
    since: date
    has_consent: bool
    locale: str
    age: str | None
    likes: np.ndarray
    visits: float
    bought: set[int]


def catalogue(random: np.random.Generator) -> list[Item]:
    """Return every article: each kind by two or three makers, dear ones of a shelf dearer by a half."""
    found = []
    for category, (department, level, kinds) in SHELVES.items():
        for kind, size in kinds.items():
            for maker in random.permutation(MAKERS)[: random.integers(2, 4)]:
                price = int(round(level * random.lognormal(0, 0.3), -1))
                found.append(
                    Item(f"y{len(found) + 1:03d}", f"{maker} {kind}", str(maker), category, department, size, price)
                )
    return found


def customers(random: np.random.Generator, count: int, days: int, items: list[Item]) -> list[Customer]:
    """Return the customers; a third of them joins while the files are made, and one in seven has not consented."""
    shelves = [[item.category for item in items].index(category) for category in SHELVES]
    shelf_of = np.searchsorted(shelves, np.arange(len(items)), side="right") - 1
    sells = random.pareto(2.0, len(items)) + 0.3
    found = []
    for number in range(count):
        likes = random.dirichlet(np.full(len(SHELVES), 0.5))[shelf_of] * sells
        joined = FIRST_DAY + timedelta(days=int(random.integers(0, days)) if random.random() < 1 / 3 else 0)
        found.append(
            Customer(
                user_id=f"c{number + 1:04d}",
                since=joined,
                has_consent=bool(random.random() < 6 / 7),
                locale=str(random.choice(["en_US", "en_GB", "zh_TW"], p=[0.5, 0.3, 0.2])),
                age=str(random.choice(["20s", "30s", "40s", "60+"])) if random.random() < 0.8 else None,
                likes=likes / likes.sum(),
                visits=float(random.beta(2, 3)),
                bought=set(),
            )
        )
    return found


def visit(random: np.random.Generator, who: Customer, day: date, prices: list[int]) -> list[dict[str, Any]]:
    """Return what a customer does on a visit, by the clock of Tokyo: looks, then puts into the cart, then pays.

    What was bought before is looked at, put into the cart and bought more readily.
    """
    chances = who.likes.copy()
    chances[list(who.bought)] *= 4
    seen = random.choice(len(prices), size=min(1 + random.poisson(3), 9), replace=False, p=chances / chances.sum())
    hour = int(random.choice(24, p=HOURS))
    clock = datetime.combine(day, time(hour, int(random.integers(60)), int(random.integers(60))))
    name = f"{who.user_id}-{day:%y%m%d}"
    cart, done = [], []

    def note(action: str, item: int, pieces: int | None = None) -> None:
        nonlocal clock
        clock = min(clock + timedelta(seconds=int(random.integers(5, 120))), datetime.combine(day, time(23, 59, 59)))
        paid = prices[item] * pieces if pieces and action == "purchase" else None
        done.append(
            {"id": f"{name}-{len(done) + 1}", "customer": who.user_id, "product": f"y{item + 1:03d}", "action": action,
             "at": clock.isoformat(), "pieces": pieces, "paid": paid, "visit": name}
        )  # fmt: skip

    for item in map(int, seen):
        note("view", item)
        if random.random() < (0.6 if item in who.bought else 0.35):
            cart.append((item, int(random.integers(1, 4))))
            note("cart", *cart[-1])
    if random.random() < 0.75:
        for item, pieces in cart:
            note("purchase", item, pieces)
            who.bought.add(item)
    return done


HOURS = np.array([3, 1, 0, 0, 0, 1, 2, 4, 5, 4, 4, 5, 8, 6, 4, 4, 4, 5, 6, 8, 10, 10, 8, 5], float)
HOURS /= HOURS.sum()
"""How many come in each hour of the day: over lunch, and in the evening until after midnight."""


def spoil(random: np.random.Generator, rows: list[dict[str, Any]]) -> list[str]:
    """Return a day's events as lines, one of them twice and two of them bad, as a shop's export may have them."""
    lines = [json.dumps(row) for row in rows]
    if len(rows) < 60:  # few rows: two bad ones would be more than the source allows
        return lines
    twice, unknown, untimely = (int(place) for place in random.choice(len(rows), 3, replace=False))
    lines[unknown] = json.dumps(rows[unknown] | {"action": "wish"})
    lines[untimely] = json.dumps(rows[untimely] | {"at": "midnight"})
    return [*lines, lines[twice]]


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_catalogue(path: Path, day: date, items: Iterable[Item], prices: list[int], gone: set[int]) -> None:
    """Write the day's catalogue as Parquet."""
    rows = [
        {"product": item.item_id, "name": item.title, "maker": item.brand, "shelf": item.category,
         "department": item.department, "pack": item.size, "yen": prices[number], "in_stock": number not in gone,
         "since": day}
        for number, item in enumerate(items)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def offer(random: np.random.Generator, day: date, items: list[Item]) -> list[str]:
    """Return the week's offer as lines: 100 yen off everything of one shelf, for everyone."""
    shelf = str(random.choice(list(SHELVES)))
    ends = day + timedelta(days=6)
    return [
        json.dumps(
            {"offer": f"week-{day:%y%m%d}", "product": item.item_id, "from": f"{day}", "to": f"{ends}", "off": 100}
        )
        for item in items
        if item.category == shelf
    ]


def main(folder: Path, days: int, users: int, seed: int) -> None:
    """Write the files of so many days, from FIRST_DAY on."""
    random = np.random.default_rng(seed)
    items = catalogue(random)
    prices = [item.price for item in items]
    people = customers(random, users, days, items)
    for day in (FIRST_DAY + timedelta(days=number) for number in range(days)):
        gone = {int(number) for number in random.choice(len(items), 2, replace=False)}
        dearer = int(random.integers(len(items)))
        prices[dearer] = int(round(prices[dearer] * random.uniform(0.9, 1.15), -1))
        write_catalogue(folder / f"{day}" / "products.parquet", day, items, prices, gone)
        joined = [who for who in people if who.since == day]
        write_lines(
            folder / f"{day}" / "customers.jsonl",
            (
                json.dumps({"customer": who.user_id, "mail": who.has_consent, "locale": who.locale, "age": who.age,
                            "since": f"{who.since}"})
                for who in joined
            ),
        )  # fmt: skip
        if day.weekday() == 0:
            write_lines(folder / f"{day}" / "offers.jsonl", offer(random, day, items))
        rows = [
            row
            for who in people
            if who.since <= day and random.random() < who.visits
            for row in visit(random, who, day, prices)
        ]
        write_lines(folder / f"{day}" / "events.jsonl", spoil(random, sorted(rows, key=lambda row: str(row["at"]))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20250301)
    given = parser.parse_args()
    main(given.folder, given.days, given.users, given.seed)
