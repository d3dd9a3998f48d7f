"""Preference factors: what a fit leaves behind."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.behaviour import Ids

Matrix = npt.NDArray[np.float32]


def spread(factors: Matrix, rows: npt.NDArray[np.int64], count: int) -> Matrix:
    """Return (count, k) with each row of factors in its place; nan elsewhere."""
    found = np.full((count, factors.shape[1]), np.nan, np.float32)
    found[rows] = factors
    return found


@dataclass(frozen=True)
class Factors:
    """The factors of one fit; the dot product of a user's and an item's row is the predicted preference (about 0..1).

    user_factors, item_factors: float32 of shape (users, k) and (items, k), all finite.
    user_ids, item_ids: sorted, unique; entry i names row i. Raises ValueError where any of this does not hold.
    """

    user_factors: Matrix
    item_factors: Matrix
    user_ids: Ids
    item_ids: Ids

    def __post_init__(self) -> None:
        for side, rows, ids in (
            ("user", self.user_factors, self.user_ids),
            ("item", self.item_factors, self.item_ids),
        ):
            if rows.ndim != 2 or rows.dtype != np.float32 or len(rows) != len(ids):
                got = f"{rows.dtype} {rows.shape} for {len(ids)} ids"
                raise ValueError(f"{side} factors; expected: one float32 row for each id; got: {got}")
            if not np.isfinite(rows).all():
                raise ValueError(
                    f"{side} factors; expected: finite; got: {int((~np.isfinite(rows)).sum())} that are not"
                )
            if (ids[1:] <= ids[:-1]).any():
                raise ValueError(f"{side} ids; expected: sorted and unique; got: others")
        if self.user_factors.shape[1] != self.item_factors.shape[1]:
            got = f"{self.user_factors.shape[1]} and {self.item_factors.shape[1]}"
            raise ValueError(f"factors; expected: one number of dimensions; got: {got}")
