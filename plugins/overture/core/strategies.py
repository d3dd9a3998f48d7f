"""One interface for every way of recommending: fit to a history, then give lists; and the checks around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Ids, positions_of
from overture.core.history import History, Items, Pairs, Users
from overture.core.ranking import PART, Positions, best_columns, stored_pairs
from overture.errors import StrategyError

__all__ = [
    "DISCOVER",
    "REPLENISH",
    "TASKS",
    "Asked",
    "History",
    "Items",
    "Pairs",
    "Recommend",
    "Recommended",
    "Strategy",
    "Users",
    "fit_strategy",
    "no_lists",
    "recommend_all",
]

DISCOVER: Final = "discover"
REPLENISH: Final = "replenish"
TASKS: Final = (DISCOVER, REPLENISH)
"""What is recommended: items that the user never bought before, or only items that the user bought before."""

BLOCK_BYTES = 32 * 2**20
"""Upper bound for the float32 scores of one block of users over all items."""


@dataclass(frozen=True)
class Asked:
    """The users to recommend to, and what may be recommended to them.

    positions: (n,) int64, where each stands in the history's users. task: one of TASKS. bought: (n, items) CSR; what is
    stored there the user bought before. is_allowed: (items,) truth values. kept_out: (n, items) CSR of pairs that are
    never listed, None where there are none. Raises ValueError where these disagree.
    """

    positions: Positions
    task: str
    bought: csr_matrix
    is_allowed: npt.NDArray[np.bool_]
    kept_out: csr_matrix | None = None

    @classmethod
    def of(cls, history: History, items: Items, task: str, user_ids: Ids | None = None) -> "Asked":
        """Return these users, or all of the history's; raise ValueError for a user that the history does not know."""
        positions = np.arange(len(history.user_ids), dtype=np.int64)
        if user_ids is not None:
            positions = positions_of(history.user_ids, user_ids)
            unknown = user_ids[positions < 0]
            if len(unknown):
                raise ValueError(f"users; expected: of the history; got: {len(unknown)} others, the first {unknown[0]}")
        return cls(positions, task, history.counts[positions], items.is_allowed)

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"task; expected: {' or '.join(TASKS)}; got: {self.task!r}")
        if (self.positions < 0).any():
            raise ValueError(f"positions; expected: 0 or more; got: {int(self.positions.min())}")
        expected = (len(self.positions), len(self.is_allowed))
        if self.bought.shape != expected:
            raise ValueError(f"bought; expected: one row for each user, {expected}; got: {self.bought.shape}")

    def __len__(self) -> int:
        return len(self.positions)

    def rows(self, rows: Positions) -> "Asked":
        """Return the users in these rows."""
        kept_out = None if self.kept_out is None else self.kept_out[rows]
        return Asked(self.positions[rows], self.task, self.bought[rows], self.is_allowed, kept_out)

    @property
    def struck_out(self) -> csr_matrix:
        """The pairs that are never new: (n, items) CSR of what was bought or is kept out."""
        return self.bought if self.kept_out is None else (self.bought + self.kept_out).tocsr()

    def best(
        self,
        scores: npt.NDArray[np.floating[Any]] | npt.NDArray[np.integer[Any]],
        k: int,
        *,
        without_zeros: bool = False,
    ) -> Positions:
        """Return each user's k best items of the task, as int64 (users, k), best first; -1 past a short list's end.

        scores: (users, items), greater is better; the caller's array is left as it is. A score that is not finite is
        no score: its item is left out, and so is one of 0 with `without_zeros`. Of equals the first by position comes
        first. Raises ValueError for scores of another shape.
        """
        self._need_shape(scores.shape)
        if self.task == REPLENISH:
            rows, columns = _rows_of(self.bought), self.bought.indices.astype(np.int64)
            return self._first(rows, columns, scores[rows, columns], k, without_zeros)
        candidates = np.flatnonzero(self.is_allowed)
        return self._best_new(candidates, scores[:, candidates], k, without_zeros)

    def best_of_allowed(self, scores: npt.NDArray[np.floating[Any]], k: int) -> Positions:
        """Do as `best`, with scores of the allowed items only: one column for each, in order of position."""
        candidates = np.flatnonzero(self.is_allowed)
        expected = (len(self), len(candidates))
        if scores.shape != expected:
            raise ValueError(f"scores; expected: one for each user and allowed item, {expected}; got: {scores.shape}")
        if self.task == DISCOVER:
            return self._best_new(candidates, scores, k, without_zeros=False)
        column_of = self._columns_of(candidates)
        rows, columns = _rows_of(self.bought), self.bought.indices.astype(np.int64)
        is_candidate = column_of[columns] >= 0
        rows, columns = rows[is_candidate], columns[is_candidate]
        return self._first(rows, columns, scores[rows, column_of[columns]], k, without_zeros=False)

    def _columns_of(self, candidates: Positions) -> Positions:
        column_of = np.full(len(self.is_allowed), -1, np.int64)
        column_of[candidates] = np.arange(len(candidates))
        return column_of

    def _best_new(self, candidates: Positions, scores: npt.NDArray[Any], k: int, without_zeros: bool) -> Positions:
        # Whole parts, as best_columns needs them; the columns past the last candidate stay empty.
        width = -(-len(candidates) // PART) * PART
        block = np.full((len(self), width), -np.inf, np.result_type(scores.dtype, np.float32))
        part = block[:, : len(candidates)]
        part[:] = scores
        part[~np.isfinite(part) | (without_zeros & (part == 0))] = -np.inf
        struck_out = self.struck_out
        rows, columns = _rows_of(struck_out), self._columns_of(candidates)[struck_out.indices]
        block[rows[columns >= 0], columns[columns >= 0]] = -np.inf
        found = no_lists(self, k)
        if block.size:
            row, column, place = best_columns(block, k)
            found[row, place] = candidates[column]
        return found

    def best_of_bought(self, values: csr_matrix, k: int, *, without_zeros: bool = False) -> Positions:
        """Return each user's k best items among those bought before, without a dense block: see `best`.

        values: (users, items) CSR; a pair that is not stored has no score, one that was not bought is passed over.
        Where the task is to discover, every list is empty. Raises ValueError for values of another shape.
        """
        self._need_shape(values.shape)
        if self.task != REPLENISH:
            return no_lists(self, k)
        is_bought = np.isin(stored_pairs(values), stored_pairs(self.bought))
        rows, columns = _rows_of(values)[is_bought], values.indices[is_bought].astype(np.int64)
        return self._first(rows, columns, values.data[is_bought], k, without_zeros)

    def _need_shape(self, shape: tuple[int, ...]) -> None:
        expected = (len(self.positions), len(self.is_allowed))
        if shape != expected:
            raise ValueError(f"scores; expected: one for each user and item, {expected}; got: {shape}")

    def _first(
        self, rows: Positions, columns: Positions, scores: npt.NDArray[Any], k: int, without_zeros: bool
    ) -> Positions:
        kept = np.isfinite(scores) & self.is_allowed[columns] & ~(without_zeros & (scores == 0))
        if self.kept_out is not None:
            kept &= ~np.isin(rows * np.int64(len(self.is_allowed)) + columns, stored_pairs(self.kept_out))
        rows, columns, scores = rows[kept], columns[kept], scores[kept].astype(np.float64)
        order = np.lexsort((columns, -scores, rows))
        rows, columns = rows[order], columns[order]
        place = np.arange(len(rows)) - np.searchsorted(rows, rows)
        found = no_lists(self, k)
        found[rows[place < k], place[place < k]] = columns[place < k]
        return found


Recommend = Callable[[Asked, int], Positions]
"""Called as recommend(users, k): returns int64 (users, k) item positions, best first, -1 past a short list's end."""


class Strategy(Protocol):
    """A way of recommending. Same history and parameters, same lists.

    A strategy of one's own is a class with this one method; `recommend` most simply ends in `users.best(scores, k)`.
    It is made with keyword parameters of `config/strategies.toml` and refuses a bad one with ValueError.
    """

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn from the history, and return what gives lists; `items` and `users` are in the history's order."""


@dataclass(frozen=True)
class Recommended:
    """The lists of all users asked for: `items` is (users, k) int64, -1 past the end of a short list.

    short_lists: users with fewer than k items. empty_lists: users with none, counted among the short ones too.
    """

    items: Positions
    short_lists: int
    empty_lists: int


def no_lists(asked: Asked, k: int) -> Positions:
    """Return an empty list for each user: what a strategy says where it has learned nothing."""
    return np.full((len(asked), k), -1, np.int64)


def fit_strategy(name: str, strategy: Strategy, history: History, items: Items, users: Users) -> Recommend:
    """Fit a strategy; raise StrategyError that names it when it raises or returns what cannot be called.

    Raises ValueError for items or users that are not the history's, and for favourite departments that are not of the
    items.
    """
    expected = (len(history.item_ids), len(history.user_ids))
    got = (len(items.departments), len(users.favourite_departments))
    if expected != got:
        raise ValueError(f"items and users; expected: those of the history, {expected}; got: {got}")
    favourites = users.favourite_departments
    if ((favourites < -1) | (favourites >= len(items.department_names))).any():
        raise ValueError(f"favourite_departments; expected: -1 to {len(items.department_names) - 1}; got: others")
    try:
        recommend = strategy.fit(history, items, users)
    except Exception as error:
        raise _failed(name, "fit", error) from error
    if not callable(recommend):
        raise StrategyError(
            "a strategy cannot recommend", where=f"strategy {name}", expected="a function", got=repr(recommend)
        )
    return recommend


def recommend_all(name: str, recommend: Recommend, asked: Asked, k: int) -> Recommended:
    """Return checked lists for all users, asked for in blocks so that memory does not grow with users.

    Raises StrategyError that names the strategy when it raises, or when a list is not as `Recommend` and the task
    promise. A list that is too short is no error: how many there are is part of the result. Raises ValueError for a k
    below 1.
    """
    if k < 1:
        raise ValueError(f"k; expected: 1 or more; got: {k}")
    items = no_lists(asked, k)
    size = max(1, BLOCK_BYTES // (4 * max(1, len(asked.is_allowed))))
    for start in range(0, len(asked), size):
        block = asked.rows(np.arange(start, min(start + size, len(asked))))
        try:
            found = recommend(block, k)
        except Exception as error:
            raise _failed(name, "recommend", error) from error
        wrong = _wrong_form(found, block, k) or _wrong_items(found, block)
        if wrong:
            what, expected, got = wrong
            raise StrategyError(what, where=f"strategy {name}, {asked.task}", expected=expected, got=got)
        items[start : start + size] = found
    lengths = (items >= 0).sum(axis=1)
    return Recommended(items, int((lengths < k).sum()), int((lengths == 0).sum()))


def _failed(name: str, where: str, error: Exception) -> StrategyError:
    return StrategyError("a strategy failed", where=f"strategy {name}, {where}", got=f"{type(error).__name__}: {error}")


def _wrong_form(found: object, asked: Asked, k: int) -> tuple[str, str, str] | None:
    expected = f"whole numbers of shape {(len(asked), k)}"
    if not isinstance(found, np.ndarray):
        return "a strategy returned no array", expected, type(found).__name__
    if found.dtype.kind not in "iu" or found.shape != (len(asked), k):
        return "a strategy returned lists of another form", expected, f"{found.dtype} of shape {found.shape}"
    return None


def _wrong_items(found: Positions, asked: Asked) -> tuple[str, str, str] | None:
    """Return what is wrong with lists of the right form, what was expected and what was got; None if nothing is."""
    count = len(asked.is_allowed)
    unknown = found[(found < -1) | (found >= count)]
    if len(unknown):
        return "a strategy returned unknown items", f"-1 to {count - 1}", f"{len(unknown)} others, as {unknown[0]}"
    rows, places = np.nonzero(found >= 0)
    items = found[rows, places].astype(np.int64)
    if ((found[:, :-1] < 0) & (found[:, 1:] >= 0)).any():
        return "a strategy returned lists with gaps", "-1 only past the end", "-1 before an item"
    keys = rows * np.int64(count) + items
    if len(np.unique(keys)) < len(keys):
        got = f"{len(keys) - len(np.unique(keys))} repeated"
        return "a strategy returned an item twice", "each item once for a user", got
    if not asked.is_allowed[items].all():
        got = f"{int((~asked.is_allowed[items]).sum())} others"
        return "a strategy returned items that are not allowed", "allowed items", got
    misplaced = np.isin(keys, stored_pairs(asked.bought)) != (asked.task == REPLENISH)
    if misplaced.any():
        wanted = "only items bought before" if asked.task == REPLENISH else "no item bought before"
        return "a strategy returned items of the other task", wanted, f"{int(misplaced.sum())} others"
    return None


def _rows_of(matrix: csr_matrix) -> Positions:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
