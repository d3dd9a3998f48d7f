"""In what rhythm users buy: each item again and again, and anything at all; read off the single purchases."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.behaviour import positions_of
from overture.core.purchases import Purchases

Whole = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]

HALF_LIVES = (14, 42, 120)
"""In days; each column of `Rhythm.decayed` is a sum of purchases that halve so fast."""

WINDOWS = (14, 28, 56, 91)
"""In days; each column of `Rhythm.within` counts the purchases so many days back."""


@dataclass(frozen=True)
class Visits:
    """The days on which each user bought anything.

    total, in_28d: (users,) int64, how many such days, ever and in 28 days. days_since: (users,) int64, from the last
    one to the data day, -1 for a user without any. days: int64, one entry for each user and day in order of user and
    then from the oldest to the newest, as user * width + width - 1 - days ago, so that they ascend. width: more than
    any purchase is old.
    """

    total: Whole
    in_28d: Whole
    days_since: Whole
    days: Whole
    width: int

    @classmethod
    def of(cls, purchases: Purchases, users: int) -> "Visits":
        """Return the visits of so many users."""
        width = int(purchases.days_ago.max(initial=0)) + 2
        days = np.unique(purchases.users * np.int64(width) + (width - 1 - purchases.days_ago))
        user, ago = days // width, width - 1 - days % width
        days_since = np.full(users, width, np.int64)
        np.minimum.at(days_since, user, ago)
        days_since[days_since == width] = -1
        return cls(
            np.bincount(user, minlength=users),
            np.bincount(user[ago < 28], minlength=users),
            days_since,
            days,
            width,
        )

    def later_than(self, users: Whole, days_ago: Whole) -> Whole:
        """Return how many visits each of these users made after the day that was so many days ago."""
        upper = np.searchsorted(self.days, (users + 1) * self.width)
        return upper - np.searchsorted(self.days, users * self.width + self.width - 1 - days_ago, side="right")


@dataclass(frozen=True)
class Rhythm:
    """One entry for each user and item that the user bought, in order of user and item, as parallel arrays.

    keys: int64, user * items + item. users, items: int64 positions. counts: days on which it was bought, 1 or more.
    first, last: days from the first and the last of them to the data day. gap_days: the sum of the days between one
    purchase and the next, 0 for a single one. last_gap: the newest of these. visits_since_first, visits_since_last:
    visits of the user after the first and after the last purchase, whatever was bought. decayed: float64 (entries,
    HALF_LIVES). within: int64 (entries, WINDOWS).
    """

    keys: Whole
    users: Whole
    items: Whole
    counts: Whole
    first: Whole
    last: Whole
    gap_days: Whole
    last_gap: Whole
    visits_since_first: Whole
    visits_since_last: Whole
    decayed: Amounts
    within: Whole

    @classmethod
    def of(cls, purchases: Purchases, visits: Visits, items: int) -> "Rhythm":
        """Return the rhythm of purchases among so many items."""
        key = purchases.users * np.int64(max(1, items)) + purchases.items
        # Purchases come from the oldest on, and a stable order keeps that within each pair.
        order = np.argsort(key, kind="stable")
        key, ago = key[order], purchases.days_ago[order].astype(np.int64)
        start = np.flatnonzero(np.diff(key, prepend=-1))
        counts = np.diff(start, append=len(key))
        end = start + counts - 1
        users, positions = np.divmod(key[start], max(1, items))
        first, last = ago[start], ago[end]
        before_last = ago[np.maximum(end - 1, 0)] if len(end) else ago
        return cls(
            key[start],
            users,
            positions,
            counts,
            first,
            last,
            first - last,
            np.where(counts > 1, before_last - last, 0),
            visits.later_than(users, first),
            visits.later_than(users, last),
            np.column_stack([_sums(0.5 ** (ago / half_life), start) for half_life in HALF_LIVES]),
            np.column_stack([_sums((ago < days).astype(np.int64), start) for days in WINDOWS]),
        )

    def entries_of(self, users: Whole, items: Whole, item_count: int) -> Whole:
        """Return where each user and item stands among the entries; -1 for a pair that is none."""
        return positions_of(self.keys, users * np.int64(max(1, item_count)) + items)


def _sums(values: npt.NDArray[np.generic], start: Whole) -> npt.NDArray[np.generic]:
    """Return the sum of each stretch that begins at `start`; no stretch, no sums."""
    return np.add.reduceat(values, start) if len(start) else values[:0]
