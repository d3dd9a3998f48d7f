"""Single purchases with their age: what a history sums up, for strategies that ask when something was bought."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Purchases:
    """One entry for each user, item and day on which the user bought it, as parallel arrays.

    users, items: positions in a history's ids. days_ago: from the purchase to the data day, 0 or more. Kept in order of
    user, then from the oldest to the newest, then item. Raises ValueError where the arrays differ in length or a number
    is below 0.
    """

    users: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    days_ago: npt.NDArray[np.int32]

    @classmethod
    def of(
        cls,
        users: npt.NDArray[np.integer[Any]],
        items: npt.NDArray[np.integer[Any]],
        days_ago: npt.NDArray[np.integer[Any]],
    ) -> "Purchases":
        """Return the purchases, given in any order."""
        order = np.lexsort((items, -days_ago, users))
        return cls(*(array[order].astype(np.int32) for array in (users, items, days_ago)))

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"purchases; expected: arrays of one length; got: {lengths}")
        for name, array in vars(self).items():
            if array.min(initial=0) < 0:
                raise ValueError(f"{name}; expected: 0 or more; got: {int(array.min())}")

    def within(self, oldest: int, newest: int) -> "Purchases":
        """Return those that are `newest` to `oldest` days old, both included; ages stay as they are."""
        kept = (self.days_ago <= oldest) & (self.days_ago >= newest)
        return Purchases(self.users[kept], self.items[kept], self.days_ago[kept])
