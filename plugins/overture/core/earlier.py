"""A history as it stood on an earlier day, and what was bought after it: what a strategy can learn foresight from."""

import dataclasses
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from overture.core.history import History, Items, Pairs
from overture.core.purchases import Purchases

EVER: Final = int(np.iinfo(np.int32).max)
"""More days than any purchase is old."""

POPULAR_DAYS: Final = 28
"""The days that `Items.buyers_28d` counts."""


def history_before(history: History, purchases: Purchases, days: int, half_life_days: float) -> History:
    """Return the history as it stood so many days before its own day: nothing later is in it.

    Weights are of purchases only, halved every `half_life_days`. Raises ValueError for days or a half-life below 1.
    """
    if days < 1 or half_life_days < 1:
        raise ValueError(f"days and half-life; expected: 1 or more; got: {days}, {half_life_days}")
    known = purchases.within(EVER, days)
    age = known.days_ago - days
    key = known.users * np.int64(len(history.item_ids)) + known.items
    pairs, entry, counts = np.unique(key, return_inverse=True, return_counts=True)
    weights = np.bincount(entry, weights=0.5 ** (age / half_life_days), minlength=len(pairs))
    last = np.full(len(pairs), EVER, np.int32)
    np.minimum.at(last, entry, age)
    users, items = np.divmod(pairs, max(1, len(history.item_ids)))
    earlier = History.of(history.user_ids, history.item_ids, Pairs(users, items, counts, weights, last))
    return dataclasses.replace(earlier, purchases=dataclasses.replace(known, days_ago=age))


def items_before(items: Items, purchases: Purchases, days: int) -> Items:
    """Return the items with the buyers and offers that they had so many days before; the rest stays as it is."""
    lately = purchases.within(days + POPULAR_DAYS - 1, days)
    key = np.unique(lately.items * np.int64(lately.users.max(initial=0) + 1) + lately.users)
    buyers = np.bincount(key // (lately.users.max(initial=0) + 1), minlength=len(items.buyers_28d))
    offers = None if items.offers is None else items.offers.before(days)
    return dataclasses.replace(items, buyers_28d=buyers.astype(np.float64), offers=offers)


def bought_in(purchases: Purchases, days_before: int, horizon_days: int, shape: tuple[int, int]) -> csr_matrix:
    """Return what was bought in the days after the day that was `days_before` days ago, as ones in (users, items)."""
    after = purchases.within(days_before - 1, days_before - horizon_days)
    bought = csr_matrix((np.ones(len(after.users)), (after.users, after.items)), shape=shape)
    bought.data[:] = 1.0
    return bought
