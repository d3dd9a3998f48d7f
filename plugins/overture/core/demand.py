"""What each item's buyers do: how many there are and whether they grow, who is new, and how soon they buy it again."""

from dataclasses import dataclass

import numpy as np

from overture.core.purchases import Purchases
from overture.core.rhythm import Amounts, Rhythm, Whole

PRIOR_BUYERS = 10.0
PRIOR_SHARE = 0.2
"""A share of repeats is drawn towards the second as by so many more buyers: of an item with two, nothing is known."""

PRIOR_GAPS = 3.0
PRIOR_GAP_DAYS = 40.0
"""A mean gap is drawn towards the second as by so many more gaps."""


@dataclass(frozen=True)
class Demand:
    """One entry for each item, as parallel arrays.

    sold_7d, sold_14d, sold_28d, sold_28d_before: int64, purchases (a user's day each) in the last 7, 14 and 28 days,
    and in the 28 days before these. new_14d, new_28d: int64, users who bought it for the first time in these days.
    buyers: int64, ever. repeat_share: share of the buyers who bought it again. gap_days: mean days from one purchase
    to the user's next. counts_each: purchases for each buyer, 0 without one. known_days: from the first sale to the
    data day.
    """

    sold_7d: Whole
    sold_14d: Whole
    sold_28d: Whole
    sold_28d_before: Whole
    new_14d: Whole
    new_28d: Whole
    buyers: Whole
    repeat_share: Amounts
    gap_days: Amounts
    counts_each: Amounts
    known_days: Whole

    @classmethod
    def of(cls, purchases: Purchases, rhythm: Rhythm, items: int) -> "Demand":
        """Return the demand for so many items."""

        def sold(newest: int, oldest: int) -> Whole:
            return np.bincount(purchases.within(oldest - 1, newest).items, minlength=items)

        buyers = np.bincount(rhythm.items, minlength=items)
        repeating = np.bincount(rhythm.items[rhythm.counts > 1], minlength=items)
        gaps = np.bincount(rhythm.items, rhythm.counts - 1, items)
        gap_days = np.bincount(rhythm.items, rhythm.gap_days, items)
        known_days = np.zeros(items, np.int64)
        np.maximum.at(known_days, rhythm.items, rhythm.first)
        return cls(
            sold(0, 7),
            sold(0, 14),
            sold(0, 28),
            sold(28, 56),
            np.bincount(rhythm.items[rhythm.first < 14], minlength=items),
            np.bincount(rhythm.items[rhythm.first < 28], minlength=items),
            buyers,
            (repeating + PRIOR_SHARE * PRIOR_BUYERS) / (buyers + PRIOR_BUYERS),
            (gap_days + PRIOR_GAPS * PRIOR_GAP_DAYS) / (gaps + PRIOR_GAPS),
            np.bincount(rhythm.items, rhythm.counts, items) / np.maximum(buyers, 1),
            known_days,
        )
