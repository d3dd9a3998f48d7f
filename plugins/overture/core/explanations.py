"""Why an item is recommended: the past items that carry its score, each with its share."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from overture.core.ranking import Positions, Scores
from overture.core.scoring import Learnt, values_at

BLOCK_BYTES = 64 * 2**20
"""Upper bound for the largest temporary array of a block of users."""

DIMENSIONS = 128
"""Floats that each item of a history takes while factors are solved with; what blocks are measured by."""

MOST = 3
"""Past items that are kept of each score."""


@dataclass(frozen=True)
class Explanations:
    """Where each score comes from. The first axes are (users, list length); -1, 0 and nan where there is no item.

    items: (users, n, MOST) int64, the past items that add most, greatest first. shares: float64 of the same shape, the
    part of the score that each carries; all shares of a score, those of items left out too, sum to 1. sums: (users, n)
    float64, the sum of all contributions: the score. named: (users, n) int64, the past item to name to the reader.
    """

    items: Positions
    shares: Scores
    sums: Scores
    named: Positions

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> "Explanations":
        """Return those of (users, list length) places of which nothing is known."""
        nothing = np.full((*shape, MOST), -1, np.int64)
        return cls(nothing, np.zeros(nothing.shape), np.full(shape, np.nan), np.full(shape, -1, np.int64))

    @classmethod
    def of_themselves(cls, items: Positions, scores: Scores) -> "Explanations":
        """Return those of items that carry their own scores, as habits do; nothing is to be named."""
        found = cls.none(items.shape)
        found.items[:, :, 0], found.shares[:, :, 0] = items, items >= 0
        found.sums[items >= 0] = scores[items >= 0]
        return found


@dataclass(frozen=True)
class Past:
    """What may speak for a recommendation. All rows are all users, all columns all items of the history.

    touched: CSR with sorted indices of whatever a user had to do with. bought: CSR of what a user bought: only that can
    be named. titles: (items,) which name an item goes by, -1 where it is not to be named.
    """

    touched: csr_matrix
    bought: csr_matrix
    titles: Positions


def explain(learnt: Learnt, past: Past, users: Positions, targets: Positions) -> Explanations:
    """Return what each target's score is made of.

    users: (n,) rows of the past. targets: (n, length) item positions, -1 where there is none.

    The item that is named adds most among those that the user bought, that have a name, another one than the target
    has, and that add anything: "milk, because you buy milk" is no reason. Where there is no such item it is -1. Of
    equals the first by position is taken.
    """
    found = Explanations.none(targets.shape)
    titles = past.titles
    for block in blocks_of_like_length(past.touched[users], targets.shape[1]):
        history = padded_rows(past.touched, users[block])
        wanted = targets[block]
        added = learnt.contributions(users[block], history, wanted)
        added[np.broadcast_to((history < 0)[:, None, :], added.shape)] = 0.0
        _take_strongest(found, block, history, added)
        is_other = (titles[history][:, None, :] != titles[wanted][:, :, None]) & (
            history[:, None, :] != wanted[:, :, None]
        )
        has_name = (titles[history] >= 0) & (values_at(past.bought, users[block], history) > 0)
        nameable = np.where(is_other & has_name[:, None, :], added, 0.0)
        best = nameable.argmax(axis=2)
        is_reason = np.take_along_axis(nameable, best[:, :, None], axis=2)[:, :, 0] > 0
        found.named[block] = np.where(is_reason, np.take_along_axis(history, best, axis=1), -1)
    for array, nothing in ((found.items, -1), (found.shares, 0.0), (found.sums, np.nan), (found.named, -1)):
        array[targets < 0] = nothing
    return found


def _take_strongest(found: Explanations, block: Positions, history: Positions, added: Scores) -> None:
    found.sums[block] = added.sum(axis=2)
    order = np.argsort(-added, axis=2, kind="stable")[:, :, :MOST]
    width = order.shape[2]
    strongest = np.take_along_axis(added, order, axis=2)
    is_real = strongest > 0
    rows = np.arange(len(block))[:, None, None]
    found.items[block, :, :width] = np.where(is_real, history[rows, order], -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = strongest / found.sums[block][:, :, None]
    found.shares[block, :, :width] = np.where(is_real & np.isfinite(shares), shares, 0.0)


def blocks_of_like_length(matrix: csr_matrix, targets: int) -> Iterator[Positions]:
    """Yield rows that store anything, in blocks of similar length, so that padding is short and memory is bounded."""
    lengths = np.diff(matrix.indptr)
    rows = np.argsort(-lengths, kind="stable")
    rows = rows[lengths[rows] > 0]
    start = 0
    while start < len(rows):
        longest = int(lengths[rows[start]])
        bytes_per_row = 4 * DIMENSIONS * (2 * longest + 2 * DIMENSIONS) + 8 * 3 * longest * targets
        stop = start + max(1, BLOCK_BYTES // bytes_per_row)
        yield rows[start:stop]
        start = stop


def padded_rows(matrix: csr_matrix, rows: Positions) -> Positions:
    """Return the columns of CSR rows as (rows, longest) int64, -1 past a row's end.

    >>> padded_rows(csr_matrix([[0, 1, 1], [1, 0, 0]]), np.array([0, 1])).tolist()
    [[1, 2], [0, -1]]
    """
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - starts
    offsets = np.arange(lengths.max(initial=0))
    is_real = offsets < lengths[:, None]
    at = np.where(is_real, starts[:, None] + offsets, 0)
    return np.where(is_real, matrix.indices[at] if matrix.nnz else 0, -1).astype(np.int64)
