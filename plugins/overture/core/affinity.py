"""How near a group of items, such as a category, is to a user: how much of it the user buys, how lately, how often."""

from dataclasses import dataclass

import numpy as np

from overture.core.behaviour import Codes, positions_of
from overture.core.purchases import Purchases
from overture.core.rhythm import Amounts, Visits, Whole

PRIOR_PURCHASES = 20.0
"""A user's share of a group is drawn towards everyone's as by so many more purchases."""


@dataclass(frozen=True)
class Affinity:
    """One entry for each user and group of which the user bought anything, in order of user and group.

    keys: int64, user * groups + group. counts, counts_28d: purchases ever and in 28 days. first, last: days from the
    first and the last of them to the data day. groups: how many there are; the last one holds the items in none.
    group_of: (items,) int64, each item's group. share: (groups,), each group's part of all purchases. totals: (users,),
    purchases of each user.
    """

    keys: Whole
    counts: Whole
    counts_28d: Whole
    first: Whole
    last: Whole
    groups: int
    group_of: Whole
    share: Amounts
    totals: Whole

    @classmethod
    def of(cls, purchases: Purchases, visits: Visits, codes: Codes) -> "Affinity":
        """Return the affinity to the groups of items; codes: (items,) positions of groups, -1 for an item in none."""
        groups = int(codes.max(initial=-1)) + 2
        group_of = np.where(codes < 0, groups - 1, codes).astype(np.int64)
        group = group_of[purchases.items]
        keys, entry = np.unique(purchases.users * np.int64(groups) + group, return_inverse=True)
        first, last = np.zeros(len(keys), np.int64), np.full(len(keys), visits.width, np.int64)
        np.maximum.at(first, entry, purchases.days_ago)
        np.minimum.at(last, entry, purchases.days_ago)
        sold = np.bincount(group, minlength=groups)
        return cls(
            keys,
            np.bincount(entry, minlength=len(keys)),
            np.bincount(entry[purchases.days_ago < 28], minlength=len(keys)),
            first,
            last,
            groups,
            group_of,
            sold / max(1, len(group)),
            np.bincount(purchases.users, minlength=len(visits.total)),
        )

    def features(self, users: Whole, items: Whole) -> list[Amounts]:
        """Return for each user and item: purchases of its group ever and in 28 days, days since the last, and these by
        the mean days between two; and the user's share of it by everyone's. nan where the user bought none of it.
        """
        group = self.group_of[items]
        found = positions_of(self.keys, users * np.int64(self.groups) + group)
        known = found >= 0
        counts, lately, first, last = (
            np.where(known, np.append(values, 0)[found], 0).astype(np.float64)
            for values in (self.counts, self.counts_28d, self.first, self.last)
        )
        gap = (first - last) / np.maximum(counts - 1, 1)
        share = (counts + PRIOR_PURCHASES * self.share[group]) / (self.totals[users] + PRIOR_PURCHASES)
        lift = share / np.maximum(self.share[group], np.finfo(np.float64).tiny)
        last[~known] = np.nan
        return [counts, lately, last, last / np.maximum(gap, 1), lift]
