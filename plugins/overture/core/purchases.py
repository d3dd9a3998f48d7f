"""Single purchases with their age: what a history sums up, for strategies that ask when something was bought."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Purchases:
    """One entry for each user, item and day on which the user bought it, as parallel arrays.

    users, items: positions in a history's ids. days_ago: from the purchase to the data day, 0 or more. unit_prices:
    float64, what one piece cost, discounts taken off, nan where it is not known; None where nobody asked for them. Kept
    in order of user, then from the oldest to the newest, then item. Raises ValueError where the arrays differ in length
    or a number is below 0.
    """

    users: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    days_ago: npt.NDArray[np.int32]
    unit_prices: npt.NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        users: npt.NDArray[np.integer[Any]],
        items: npt.NDArray[np.integer[Any]],
        days_ago: npt.NDArray[np.integer[Any]],
        unit_prices: npt.NDArray[np.float64] | None = None,
    ) -> "Purchases":
        """Return the purchases, given in any order."""
        order = np.lexsort((items, -days_ago, users))
        return cls(
            users[order].astype(np.int32),
            items[order].astype(np.int32),
            days_ago[order].astype(np.int32),
            None if unit_prices is None else unit_prices[order],
        )

    def __post_init__(self) -> None:
        arrays = {name: array for name, array in vars(self).items() if array is not None}
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"purchases; expected: arrays of one length; got: {lengths}")
        for name, array in arrays.items():
            least = np.fmin.reduce(array, initial=0)
            if least < 0:
                raise ValueError(f"{name}; expected: 0 or more; got: {least}")

    def within(self, oldest: int, newest: int) -> "Purchases":
        """Return those that are `newest` to `oldest` days old, both included; ages stay as they are."""
        kept = (self.days_ago <= oldest) & (self.days_ago >= newest)
        prices = None if self.unit_prices is None else self.unit_prices[kept]
        return Purchases(self.users[kept], self.items[kept], self.days_ago[kept], prices)
