"""Which items are on offer on a day, and which were on an earlier one: the shop's announcements with their spans."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.ranking import Positions


@dataclass(frozen=True)
class Offers:
    """One entry for each announcement of an item in an offer, in any order, as parallel arrays.

    items: positions in a history's ids. starts_days_ago: from the day on which the offer was both known and valid to
    the data day, 0 or more. ends_days_ago: the same of its last day, below 0 for one that lies ahead. Raises ValueError
    where the arrays differ in length or an offer starts after the data day.
    """

    items: npt.NDArray[np.int64]
    starts_days_ago: npt.NDArray[np.int64]
    ends_days_ago: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"offers; expected: arrays of one length; got: {lengths}")
        if self.starts_days_ago.min(initial=0) < 0:
            got = int(self.starts_days_ago.min())
            raise ValueError(f"starts_days_ago; expected: 0 or more; got: {got}")

    def before(self, days: int) -> "Offers":
        """Return the offers as they were known so many days before the data day, with the days counted from there."""
        known = self.starts_days_ago >= days
        return Offers(self.items[known], self.starts_days_ago[known] - days, self.ends_days_ago[known] - days)

    def count_valid(self, items: int) -> npt.NDArray[np.int64]:
        """Return (items,), in how many offers each item is on the data day."""
        return np.bincount(self.items[self.ends_days_ago <= 0], minlength=items)


@dataclass(frozen=True)
class Audiences:
    """Who is shown which offers, and what is in them. Kept apart: an offer of 20,000 items goes to thousands of users.

    shown: (readers, offers) CSR of ones. contents: (offers, items) CSR of ones. for_everyone: (items,) truth values.
    """

    shown: csr_matrix
    contents: csr_matrix
    for_everyone: npt.NDArray[np.bool_]

    def reach(self, readers: Positions, items: Positions) -> npt.NDArray[np.bool_]:
        """Say for each item whether it is on offer for its reader. items: (readers asked for, n), -1 for none.

        >>> to_second = Audiences(csr_matrix([[0], [1]]), csr_matrix([[0, 1, 0]]), np.array([True, False, False]))
        >>> to_second.reach(np.array([0, 1]), np.array([[0, 1], [1, -1]])).tolist()
        [[True, False], [True, False]]
        """
        known = np.maximum(items, 0)
        found = self.for_everyone[known]
        shown = self.shown[readers].tocoo()
        for offer in np.unique(shown.col):
            rows = shown.row[shown.col == offer]
            holds = np.zeros(len(self.for_everyone), np.bool_)
            holds[self.contents[[offer]].indices] = True
            found[rows] |= holds[known[rows]]
        return np.asarray(found & (items >= 0))
