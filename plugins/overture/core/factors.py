"""Preference factors: what a fit leaves behind, and which past purchase speaks most for a recommendation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Ids

Matrix = npt.NDArray[np.float32]

BLOCK_BYTES = 64 * 2**20
"""Upper bound for the largest temporary array of a block of users."""

LAST_RESORT = 1e6
"""Taken off the contribution of an item that is named only where there is no other; beyond any real contribution."""


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


def strongest_reasons(
    item_factors: Matrix,
    confidence: csr_matrix,
    targets: npt.NDArray[np.int64],
    regularization: float,
    names: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return, for each user and target item, the item of the user's history that adds most to the target's score.

    item_factors: (items, k). confidence: (users, items) CSR with sorted indices; its rows are the histories.
    targets: (users, n) item positions, -1 where there is none. names: (items,) which name an item goes by, -1 if none.
    Returns int64 of the shape of `targets`: an item position, -1 where the target is -1 or the history is empty.

    The score of target i splits into one addend for each item j of the history, y_i' W c_uj y_j with
    W = (Y' C_u Y + regularization I)^-1: section 5 of Hu, Koren and Volinsky (2008), and implicit's `explain`. The
    target itself, if it was bought before, items of the same name and items without a name are given only where there
    is no other: "milk, because you buy milk" is no reason. Of equals the first by position is given.
    """
    reasons = np.full(targets.shape, -1, np.int64)
    gram = (item_factors.T @ item_factors + regularization * np.eye(item_factors.shape[1])).astype(np.float32)
    for users in blocks_of_like_length(confidence, item_factors.shape[1]):
        items, c = padded_rows(confidence, users)
        contributions = _contributions(item_factors, gram, items, c, targets[users])
        is_other = (items[:, None, :] != targets[users][:, :, None]) & (
            names[items][:, None, :] != names[targets[users]][:, :, None]
        )
        wanted = is_other & (names[items] >= 0)[:, None, :]
        contributions = np.where(wanted, contributions, contributions - LAST_RESORT)
        contributions[np.broadcast_to((c == 0)[:, None, :], contributions.shape)] = -np.inf
        reasons[users] = np.take_along_axis(items, contributions.argmax(axis=2), axis=1)
    reasons[targets < 0] = -1
    return reasons


def _contributions(
    item_factors: Matrix,
    gram: Matrix,
    items: npt.NDArray[np.int64],
    confidence: Matrix,
    targets: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return (users, targets, history length): what each history item adds to each target's score."""
    history = item_factors[items]
    weighted = history * (confidence - (confidence > 0))[:, :, None]
    normal = gram + np.matmul(weighted.transpose(0, 2, 1), history)
    solved = np.linalg.solve(normal, item_factors[np.maximum(targets, 0)].transpose(0, 2, 1))
    addends = np.matmul(history, solved) * confidence[:, :, None]
    return np.asarray(addends.transpose(0, 2, 1), np.float64)


def blocks_of_like_length(matrix: csr_matrix, k: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield rows that store anything, in blocks of similar length, so that padding is short and memory is bounded."""
    lengths = np.diff(matrix.indptr)
    rows = np.argsort(-lengths, kind="stable")
    rows = rows[lengths[rows] > 0]
    start = 0
    while start < len(rows):
        bytes_per_row = 4 * k * (2 * int(lengths[rows[start]]) + 2 * k)
        stop = start + max(1, BLOCK_BYTES // bytes_per_row)
        yield rows[start:stop]
        start = stop


def padded_rows(matrix: csr_matrix, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Matrix]:
    """Return the columns and values of CSR rows as (rows, longest) arrays; padding has column 0 and value 0."""
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - starts
    offsets = np.arange(lengths.max())
    is_real = offsets < lengths[:, None]
    at = np.where(is_real, starts[:, None] + offsets, 0)
    return np.where(is_real, matrix.indices[at], 0).astype(np.int64), np.where(is_real, matrix.data[at], 0)
