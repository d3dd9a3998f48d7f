"""A small shop for recommendation strategies: forty users of two tastes, one with one purchase, one with none."""

from collections.abc import Sequence

import numpy as np

from overture.core.strategies import History, Items, Pairs, Users

USERS, ITEMS = 42, 60
ONE_PURCHASE, NO_PURCHASE = 40, 41
"""Positions of the users with one item and with none."""


def history_of(rows: Sequence[Sequence[int]], days_ago: Sequence[Sequence[int]] | None = None) -> History:
    """A history from a table of counts, users by items; weights are the counts, the last purchase today or as given."""
    counts = np.array(rows)
    users, items = np.nonzero(counts)
    days = np.zeros_like(counts) if days_ago is None else np.array(days_ago)
    bought = counts[users, items]
    pairs = Pairs(users, items, bought, bought.astype(float), days[users, items])
    return History.of(ids("u", counts.shape[0]), ids("i", counts.shape[1]), pairs)


def ids(letter: str, count: int) -> np.ndarray:
    return np.array([f"{letter}{number:04}" for number in range(count)])


def plain_items(buyers: Sequence[float]) -> Items:
    """Allowed items in no department, with so many buyers each."""
    count = len(buyers)
    return Items(np.array([], str), np.full(count, -1, np.int32), np.array(buyers, float), np.ones(count, bool))


def no_favourites(count: int) -> Users:
    return Users(np.full((count, 1), -1, np.int32))


def two_tastes() -> tuple[History, Items, Users]:
    """Users like items of their own parity; every seventh item is not allowed."""
    random = np.random.default_rng(11)
    own_taste = (np.arange(USERS)[:, None] % 2) == (np.arange(ITEMS) % 2)
    counts = random.geometric(0.5, (USERS, ITEMS)) * (random.random((USERS, ITEMS)) < np.where(own_taste, 0.45, 0.03))
    counts[ONE_PURCHASE:] = 0
    counts[ONE_PURCHASE, 2] = 1
    history = history_of(counts, random.integers(0, 60, (USERS, ITEMS)))
    is_allowed = np.arange(ITEMS) % 7 != 1
    buyers = np.bincount(history.counts.indices, minlength=ITEMS).astype(float)
    departments = (np.arange(ITEMS) % 4).astype(np.int32)
    items = Items(np.array(["a", "b", "c", "d"]), departments, buyers, is_allowed)
    return history, items, Users(random.integers(-1, 4, (USERS, 2)).astype(np.int32))
