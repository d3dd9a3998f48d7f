"""What items cost those who bought them, lately and usually: whether today is cheap, for anyone and for one user."""

from dataclasses import dataclass

import numpy as np

from overture.core.purchases import Purchases
from overture.core.rhythm import Amounts, Rhythm, Whole

LATELY_DAYS, USUALLY_DAYS = 7, 91


@dataclass(frozen=True)
class Paid:
    """Mean prices of one piece, discounts taken off; nan where nothing is known.

    lately, usually: float64 (items,), over the purchases of LATELY_DAYS and USUALLY_DAYS. own: (entries of the
    rhythm,), what the user paid for the item. by_user: (users,), over all that the user bought.
    """

    lately: Amounts
    usually: Amounts
    own: Amounts
    by_user: Amounts

    @classmethod
    def of(cls, purchases: Purchases, rhythm: Rhythm, users: int, items: int) -> "Paid":
        """Return the prices; all of them are nan where the purchases have none."""
        if purchases.unit_prices is None:
            return cls(*(np.full(count, np.nan) for count in (items, items, len(rhythm.keys), users)))
        # What was given away says nothing of a price.
        known = np.nan_to_num(purchases.unit_prices) > 0
        prices, ago = purchases.unit_prices[known], purchases.days_ago[known]
        item, user = purchases.items[known].astype(np.int64), purchases.users[known].astype(np.int64)
        lately, usually = ago < LATELY_DAYS, ago < USUALLY_DAYS
        return cls(
            _means(item[lately], prices[lately], items),
            _means(item[usually], prices[usually], items),
            _means(rhythm.entries_of(user, item, items), prices, len(rhythm.keys)),
            _means(user, prices, users),
        )


def _means(groups: Whole, values: Amounts, count: int) -> Amounts:
    counts = np.bincount(groups, minlength=count)
    return np.where(counts > 0, np.bincount(groups, values, count) / np.maximum(counts, 1), np.nan)
