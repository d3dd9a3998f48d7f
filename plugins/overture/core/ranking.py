"""Ranked lists: the best items of every user from factors, and popular items where factors do not reach."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.factors import Matrix

ALS: Final = "als"
ALS_WITH_EASE: Final = "als_with_ease"
FOLD_IN: Final = "fold_in"
POPULAR_IN_DEPARTMENT: Final = "popular_in_department"
POPULAR_IN_GROUP: Final = "popular_in_group"
POPULAR: Final = "popular"
HABITS: Final = "habits"
STRATEGIES: Final = (ALS_WITH_EASE, FOLD_IN, POPULAR_IN_DEPARTMENT, POPULAR_IN_GROUP, POPULAR, HABITS)
"""How a published item may have been found; those of what is new in the order in which a list is filled."""

PART = 64
"""So many scores of a user make a part; the parts' maxima give a lower bound for the length-th best score."""

BLOCK_BYTES = 32 * 2**20
"""Upper bound for one block's scores."""

BLOCK_USERS = 8192
"""So many users' lists are filled at once."""

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankedLists:
    """Lists of items, best first; `fill_up` writes into the arrays.

    items: int64 (users, length), item positions; -1 past the end of a list that is short.
    scores: float64 of the same shape; 0 where `items` is -1.
    strategies: int8 of the same shape, positions in STRATEGIES; -1 where `items` is -1 or nobody said.
    """

    items: Positions
    scores: npt.NDArray[np.float64]
    strategies: npt.NDArray[np.int8]

    @classmethod
    def empty(cls, users: int, length: int) -> "RankedLists":
        """Return lists for so many users with every place free."""
        shape = (users, length)
        return cls(np.full(shape, -1, np.int64), np.zeros(shape), np.full(shape, -1, np.int8))


def rank_by_factors(
    user_factors: Matrix, item_factors: Matrix, allowed: npt.NDArray[np.bool_], excluded: csr_matrix, length: int
) -> RankedLists:
    """Return the `length` allowed items with the greatest dot product for every user, ties by position.

    user_factors: (users, k). item_factors: (items, k). allowed: (items,). excluded: (users, items) CSR; a stored pair
    is never ranked. Users are scored in blocks of one matrix product each, so memory does not grow with users.
    """
    candidates = np.flatnonzero(allowed)
    lists = RankedLists.empty(len(user_factors), length)
    if not len(candidates) or not len(user_factors):
        return lists
    # Whole parts; the columns past the last candidate stay empty.
    width = -(-len(candidates) // PART) * PART
    factors = np.zeros((width, item_factors.shape[1]), np.float32)
    factors[: len(candidates)] = item_factors[candidates]
    column_of = np.full(item_factors.shape[0], -1, np.int64)
    column_of[candidates] = np.arange(len(candidates))
    block = max(1, BLOCK_BYTES // (4 * width))
    scores = np.empty((min(block, len(user_factors)), width), np.float32)
    for start in range(0, len(user_factors), block):
        users = slice(start, min(start + block, len(user_factors)))
        part = scores[: users.stop - start]
        np.matmul(user_factors[users], factors.T, out=part)
        part[:, len(candidates) :] = -np.inf
        _strike_out(part, excluded[users], column_of)
        rows, columns, places = best_columns(part, length)
        lists.items[start + rows, places] = candidates[columns]
        lists.scores[start + rows, places] = part[rows, columns]
    return lists


def _strike_out(scores: Matrix, excluded: csr_matrix, column_of: Positions) -> None:
    rows = np.repeat(np.arange(excluded.shape[0]), np.diff(excluded.indptr))
    columns = column_of[excluded.indices]
    scores[rows[columns >= 0], columns[columns >= 0]] = -np.inf


def best_columns(scores: npt.NDArray[np.floating[Any]], length: int) -> tuple[Positions, Positions, Positions]:
    """Return row, column and place of the `length` best finite scores of each row; of equals the first column.

    scores: float32 or float64 of (rows, a multiple of PART), without nan or +inf; -inf marks what must not be ranked.

    The maxima of disjoint parts are scores themselves, so the length-th greatest of them is a lower bound for the
    length-th greatest score: only what reaches it needs sorting, all ties included.
    """
    rows, width = scores.shape
    parts = scores.reshape(rows, PART, width // PART).max(axis=1)
    if parts.shape[1] > length:
        bound = np.partition(parts, parts.shape[1] - length, axis=1)[:, parts.shape[1] - length]
    else:
        bound = np.full(rows, -np.inf, scores.dtype)
    # The least finite number keeps -inf, which marks what must not be ranked, out.
    bound = np.maximum(bound, np.finfo(scores.dtype).min)
    row, column = np.divmod(np.flatnonzero(scores >= bound[:, None]), width)
    order = np.lexsort((column, -scores[row, column], row))
    row, column = row[order], column[order]
    first = np.searchsorted(row, np.arange(rows))
    place = np.arange(len(row)) - first[row]
    kept = place < length
    return row[kept], column[kept], place[kept]


def fill_up(lists: RankedLists, strategy: str, candidates: Positions, scores: Scores, excluded: csr_matrix) -> None:
    """Fill the free places of the lists, in place, with each user's next candidates.

    strategy: one of STRATEGIES, noted for what is filled. candidates: (users, n) item positions, best first, -1 past
    the end. scores: of the same shape, the score of a place that is filled so. excluded: (users, items) CSR; what is
    stored there or in the list already is passed over.
    """
    for start in range(0, len(lists.items), BLOCK_USERS):
        users = slice(start, start + BLOCK_USERS)
        items = lists.items[users]
        width = excluded.shape[1]
        first_key = np.arange(len(items))[:, None] * width
        struck_out = stored_pairs(excluded[users])
        taken = np.concatenate([struck_out, (first_key + items)[items >= 0]])
        is_free = (candidates[users] >= 0) & ~np.isin(first_key + candidates[users], taken)
        place = (items >= 0).sum(axis=1, keepdims=True) + is_free.cumsum(axis=1) - 1
        row, column = np.nonzero(is_free & (place < items.shape[1]))
        at = (start + row, place[row, column])
        lists.items[at] = candidates[users][row, column]
        lists.scores[at] = scores[users][row, column]
        lists.strategies[at] = STRATEGIES.index(strategy)


def stored_pairs(pairs: csr_matrix) -> Positions:
    """Return one number for each stored pair: row * columns + column.

    >>> stored_pairs(csr_matrix([[0, 1], [1, 0]])).tolist()
    [1, 2]
    """
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    return rows * pairs.shape[1] + pairs.indices


def most_popular(
    popularity: npt.NDArray[np.float64], group_of: Positions, groups: int, allowed: npt.NDArray[np.bool_], depth: int
) -> Positions:
    """Return the `depth` most popular allowed items of each group, as (groups, depth) positions; -1 where it has fewer.

    popularity, group_of, allowed: one entry for each item; group_of is 0..groups-1, or -1 for an item in none. Items
    that nobody bought (popularity 0) are left out. Of equals the first by position comes first.

    >>> most_popular(np.array([3.0, 5.0, 5.0, 9.0]), np.array([0, 0, 0, 1]), 2, np.array([True] * 4), 2).tolist()
    [[1, 2], [3, -1]]
    """
    items = np.flatnonzero(allowed & (popularity > 0) & (group_of >= 0))
    order = np.lexsort((items, -popularity[items], group_of[items]))
    items = items[order]
    group = group_of[items]
    place = np.arange(len(items)) - np.searchsorted(group, np.arange(groups))[group]
    found = np.full((groups, depth), -1, np.int64)
    kept = place < depth
    found[group[kept], place[kept]] = items[kept]
    return found
