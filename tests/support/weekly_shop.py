"""A shop with single purchases over half a year: each user buys staples in a rhythm of its own, and tries new items."""

import dataclasses

import numpy as np

from overture.core.earlier import history_before
from overture.core.purchases import Purchases
from overture.core.strategies import History, Items, Pairs, Users
from strategy_shop import ids

USERS, ITEMS, DAYS = 60, 90, 133
NOVELTIES = 10
"""The last so many items come up in the last weeks only, one after the other, and sell to everybody."""


def history_of_purchases(purchases: Purchases, users: int, items: int) -> History:
    """The history that the purchases sum up."""
    nothing = History.of(ids("u", users), ids("i", items), Pairs(*[np.zeros(0, np.int64)] * 5))
    # A day later, seen from a day before: the history of the day itself.
    later = dataclasses.replace(purchases, days_ago=purchases.days_ago + 1)
    return history_before(nothing, later, 1, 42.0)


def weekly_shop(with_prices: bool = True) -> tuple[History, Items, Users]:
    """Users shop once a week; each item is a staple of every seventh user, who buys it in every third week.

    So what a user bought in the last two weeks is not due yet.
    """
    random = np.random.default_rng(5)
    bought = []
    for week in range(DAYS // 7):
        ago = DAYS - 7 * week - 1 - random.integers(0, 7, USERS)
        for user in range(USERS):
            staples = [item for item in range(ITEMS - NOVELTIES) if (item + user) % 7 == 0]
            items = {item for item in staples if (week + item // 7) % 3 == 0 and random.random() < 0.9}
            items |= set(random.integers(0, ITEMS - NOVELTIES, 2).tolist())
            novelty = ITEMS - NOVELTIES + week - (DAYS // 7 - NOVELTIES)
            if novelty >= ITEMS - NOVELTIES and random.random() < 0.5:
                items |= {novelty, max(novelty - 1, ITEMS - NOVELTIES)}
            bought += [(user, item, ago[user]) for item in items]
    users, items, days_ago = np.array(bought).T
    prices = 1 + items % 5 + 0.0 if with_prices else None
    history = history_of_purchases(Purchases.of(users, items, days_ago, prices), USERS, ITEMS)
    is_allowed = np.arange(ITEMS) % 11 != 3
    lately = history.purchases.within(27, 0)  # type: ignore[union-attr]
    buyers = np.bincount(np.unique(lately.items * np.int64(USERS) + lately.users) // USERS, minlength=ITEMS)
    departments = (np.arange(ITEMS) % 4).astype(np.int32)
    shelf = Items(np.array(["a", "b", "c", "d"]), departments, buyers.astype(float), is_allowed)
    return history, shelf, Users(np.full((USERS, 1), -1, np.int32))
