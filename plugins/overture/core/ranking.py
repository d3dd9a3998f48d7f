"""Ranked lists: the best items of every user from factors, and popular items where factors do not reach."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.factors import Matrix
from overture.core.parameters import need_whole

ALS: Final = "als"
BLEND: Final = "blend"
ALS_WITH_EASE: Final = "als_with_ease"
FOLD_IN: Final = "fold_in"
CONTENT: Final = "content"
EXPLORE: Final = "explore"
POPULAR_BY_DEFAULT: Final = "popular_by_default"
POPULAR_IN_GROUP: Final = "popular_in_group"
POPULAR: Final = "popular"
HABITS: Final = "habits"
STRATEGIES: Final = (
    BLEND,
    ALS_WITH_EASE,
    FOLD_IN,
    CONTENT,
    POPULAR_BY_DEFAULT,
    POPULAR_IN_GROUP,
    POPULAR,
    EXPLORE,
    HABITS,
)
"""How a published item may have been found; those of what is new in the order in which a list is filled."""

PART = 64
"""So many scores of a user make a part; the parts' maxima give a lower bound for the length-th best score."""

TILE_USERS, TILE_ITEMS = 512, 8192
"""Users and items scored at once: 16 MB. With 128 factors and 100,000 items the product of 512 users reaches 105
GFLOP/s of a core where that of 83 users, all items at once in twice the memory, reaches 60; smaller tiles sort more."""

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
    is never ranked. Exact: every pair is scored, in tiles of one matrix product each, so memory does not grow with
    users times items. A score's last bit may depend on which users are ranked together, as BLAS sums. Raises ValueError
    for a length below 1, factors that are not finite, and arrays of other users or items.
    """
    _need_rankable(user_factors, item_factors, allowed, excluded, length)
    candidates = np.flatnonzero(allowed)
    lists = RankedLists.empty(len(user_factors), length)
    # Whole parts; the columns past the last candidate stay empty.
    factors = np.zeros((-(-len(candidates) // PART) * PART, item_factors.shape[1]), np.float32)
    factors[: len(candidates)] = item_factors[candidates]
    column_of = np.full(item_factors.shape[0], -1, np.int64)
    column_of[candidates] = np.arange(len(candidates))
    tile = np.empty(min(TILE_USERS, len(user_factors)) * min(TILE_ITEMS, len(factors)), np.float32)
    for start in range(0, len(user_factors), TILE_USERS):
        users = user_factors[start : start + TILE_USERS]
        struck_out = _by_column(excluded[start : start + TILE_USERS], column_of)
        best = _Best(len(users), length)
        for first in range(0, len(factors), TILE_ITEMS):
            of_items = factors[first : first + TILE_ITEMS]
            scores = tile[: len(users) * len(of_items)].reshape(len(users), len(of_items))
            np.matmul(users, of_items.T, out=scores)
            scores[:, len(candidates) - first :] = -np.inf
            begin, end = np.searchsorted(struck_out[1], (first, first + TILE_ITEMS))
            scores[struck_out[0][begin:end], struck_out[1][begin:end] - first] = -np.inf
            best.take(scores, first)
        rows, columns, places, found = best.lists()
        lists.items[start + rows, places] = candidates[columns]
        lists.scores[start + rows, places] = found
    return lists


def _need_rankable(
    user_factors: Matrix, item_factors: Matrix, allowed: npt.NDArray[np.bool_], excluded: csr_matrix, length: int
) -> None:
    need_whole("length", length, 1)
    for side, factors in (("user", user_factors), ("item", item_factors)):
        bad = int((~np.isfinite(factors)).any(axis=1).sum())
        if bad:
            raise ValueError(f"{side} factors; expected: finite; got: {bad} rows that are not")
    if len(allowed) != len(item_factors):
        raise ValueError(f"allowed; expected: one for each item, {len(item_factors)}; got: {len(allowed)}")
    expected = (len(user_factors), len(item_factors))
    if excluded.shape != expected:
        raise ValueError(f"excluded; expected: {expected}; got: {excluded.shape}")


def _by_column(excluded: csr_matrix, column_of: Positions) -> tuple[Positions, Positions]:
    """Return rows and columns of the stored pairs of candidates, in order of column."""
    rows = np.repeat(np.arange(excluded.shape[0]), np.diff(excluded.indptr))
    columns = column_of[excluded.indices]
    order = np.argsort(columns, kind="stable")
    order = order[np.searchsorted(columns[order], 0) :]
    return rows[order], columns[order]


class _Best:
    """The `length` best scores of each row so far, of tiles that are taken from left to right.

    Once a row has `length` scores, only a greater one than the least of them changes its list: of equals the first
    column comes first. So nearly all of a later tile is passed over by one comparison.
    """

    def __init__(self, rows: int, length: int) -> None:
        self.length = length
        self.bound = np.full(rows, -np.inf, np.float32)
        nothing = np.zeros(0, np.int64)
        self.found: list[tuple[Positions, Positions, Matrix]] = [(nothing, nothing, np.zeros(0, np.float32))]

    def take(self, scores: Matrix, first_column: int) -> None:
        """Take in the scores of the next columns; -inf marks what must not be ranked."""
        least = np.nextafter(self.bound, np.float32(np.inf))
        reaching = scores >= least[:, None]
        is_crowded = np.count_nonzero(reaching) > scores.size // PART
        if is_crowded:
            least = np.maximum(least, _lower_bound(scores, self.length))
            reaching = scores >= least[:, None]
        row, column = np.divmod(np.flatnonzero(reaching), scores.shape[1])
        self.found.append((row, first_column + column, scores[row, column]))
        if is_crowded or sum(len(rows) for rows, _, _ in self.found) > 2 * self.length * len(self.bound):
            row, column, place, score = self.lists()
            self.found = [(row, column, score)]
            is_last = place == self.length - 1
            self.bound[row[is_last]] = score[is_last]

    def lists(self) -> tuple[Positions, Positions, Positions, Matrix]:
        """Return row, column, place and score of what is best so far, in order of row and place."""
        row, column, score = (np.concatenate(parts) for parts in zip(*self.found, strict=True))
        row, column, score, place = _first_of_each(row, column, score, self.length)
        return row, column, place, score


def best_columns(scores: npt.NDArray[np.floating[Any]], length: int) -> tuple[Positions, Positions, Positions]:
    """Return row, column and place of the `length` best finite scores of each row; of equals the first column.

    scores: float32 or float64 of (rows, a multiple of PART), without nan or +inf; -inf marks what must not be ranked.

    The maxima of disjoint parts are scores themselves, so the length-th greatest of them is a lower bound for the
    length-th greatest score: only what reaches it needs sorting, all ties included.
    """
    bound = np.maximum(_lower_bound(scores, length), np.finfo(scores.dtype).min)
    row, column = np.divmod(np.flatnonzero(scores >= bound[:, None]), scores.shape[1])
    row, column, _, place = _first_of_each(row, column, scores[row, column], length)
    return row, column, place


def _lower_bound(scores: npt.NDArray[np.floating[Any]], length: int) -> npt.NDArray[np.floating[Any]]:
    """Return for each row a number that its length-th greatest score is not below; -inf where too few parts tell."""
    rows, width = scores.shape
    parts = scores.reshape(rows, PART, width // PART).max(axis=1)
    if parts.shape[1] <= length:
        return np.full(rows, -np.inf, scores.dtype)
    at = parts.shape[1] - length
    return np.asarray(np.partition(parts, at, axis=1)[:, at])


def _first_of_each(
    row: Positions, column: Positions, score: npt.NDArray[Any], length: int
) -> tuple[Positions, Positions, npt.NDArray[Any], Positions]:
    """Return row, column, score and place of each row's `length` greatest scores; of equals the first column."""
    order = np.lexsort((column, -score, row))
    row, column, score = row[order], column[order], score[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < length
    return row[kept], column[kept], score[kept], place[kept]


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
