"""A history's purchases as sequences: what each user bought one after the other, for models that read them in order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.purchases import Purchases
from overture.core.ranking import Positions

Bounds = npt.NDArray[np.int64]
"""(n, 2): where each part of `Sequences.codes` begins, and where it has ended."""


@dataclass(frozen=True)
class Sequences:
    """What each user bought in order, one entry for each item and day, of the items that enough users bought.

    items: positions in the history of what is in any sequence, sorted. users: those of who has a sequence, sorted.
    codes: int32 positions in `items`, the sequences of all users one after the other. bounds: where each one's lies.
    """

    items: Positions
    users: Positions
    codes: npt.NDArray[np.int32]
    bounds: Bounds

    @classmethod
    def of(cls, purchases: Purchases, least_buyers: int, seed: int) -> "Sequences":
        """Return the sequences of purchases, oldest first; items of fewer than `least_buyers` users are passed over.

        What was bought on one day has no order. It gets one that is drawn with `seed`: by position, the next item of a
        day would always stand further back in the catalogue, and that is what a model would learn first.
        """
        pairs = purchases.users.astype(np.int64) * (int(purchases.items.max(initial=0)) + 1) + purchases.items
        buyers = np.bincount(purchases.items[np.unique(pairs, return_index=True)[1]])
        kept = buyers[purchases.items] >= least_buyers
        users, items, days_ago = (each[kept] for each in (purchases.users, purchases.items, purchases.days_ago))
        drawn = np.random.default_rng(seed).permutation(len(users))
        order = np.lexsort((drawn, -days_ago, users))
        known, codes = np.unique(items[order], return_inverse=True)
        names, starts, lengths = np.unique(users, return_index=True, return_counts=True)
        bounds = np.stack([starts, starts + lengths], axis=1).astype(np.int64)
        return cls(known.astype(np.int64), names.astype(np.int64), codes.astype(np.int32), bounds)

    def last(self, length: int) -> Bounds:
        """Return the end of each sequence, at most so many entries."""
        begin, end = self.bounds.T
        return np.stack([np.maximum(begin, end - length), end], axis=1)

    def windows(self, length: int) -> Bounds:
        """Return parts of at most `length` + 1 entries in which each entry but a user's first follows another once.

        They are cut from the newest backwards, so that a user's last part is whole; each begins with the entry that
        the part before it ends with.
        """
        begin, end = self.bounds.T
        counts = np.maximum(-(-(end - begin - 1) // length), 0)
        owner = np.repeat(np.arange(len(counts)), counts)
        back = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        ends = end[owner] - back * length
        return np.stack([np.maximum(begin[owner], ends - length - 1), ends], axis=1)
