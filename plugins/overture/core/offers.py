"""Which items are on offer on a day, and which were on an earlier one: the shop's announcements with their spans."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
