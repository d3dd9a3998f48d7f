"""What recommendation strategies learn from: who bought what, how often and how long ago, with items and users."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Codes, Ids, Interactions, ItemFacts, Readers, need_positions, positions_of
from overture.core.offers import Offers
from overture.core.purchases import Purchases

BOUGHT: Final = "bought"
COUNTS: Final = "counts"
WEIGHTS: Final = "weights"
VALUES: Final = (BOUGHT, COUNTS, WEIGHTS)
"""What a strategy may learn from: 1 for each bought item, how often it was bought, or decayed weights."""

Numbers = npt.NDArray[np.floating[Any]] | npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Pairs:
    """One entry for each user and item that had to do with each other, in any order, as parallel arrays.

    users, items: whole-number positions in the history's ids. counts: how often bought, 0 or more. weights: decayed, 0
    or more. last_days_ago: days from the last purchase to the data day, -1 where nothing was bought. All finite.
    Raises ValueError where the arrays differ in length or a number is out of range.
    """

    users: npt.NDArray[np.integer[Any]]
    items: npt.NDArray[np.integer[Any]]
    counts: Numbers
    weights: Numbers
    last_days_ago: npt.NDArray[np.integer[Any]]

    @classmethod
    def of(cls, interactions: Interactions, counts: Numbers) -> "Pairs":
        """Return the pairs of interactions; counts: how often each was bought, which interactions do not tell."""
        days = interactions.bought_days_ago
        return cls(interactions.users, interactions.items, counts, interactions.weights, days)

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"pairs; expected: arrays of one length; got: {lengths}")
        for name in ("users", "items", "last_days_ago"):
            if getattr(self, name).dtype.kind not in "iu":
                raise ValueError(f"{name}; expected: whole numbers; got: {getattr(self, name).dtype}")
        for name in ("counts", "weights"):
            _need_amounts(name, getattr(self, name))
        contradicting = (self.counts > 0) != (self.last_days_ago >= 0)
        if contradicting.any():
            got = f"{int(contradicting.sum())} pairs with one and not the other"
            raise ValueError(f"pairs; expected: days since the last purchase exactly where bought; got: {got}")


@dataclass(frozen=True)
class History:
    """Who bought what up to the data day. A user or item without any pair is an empty row or column.

    user_ids, item_ids: sorted, unique; entry i names row (or column) i. counts: float64 CSR of (users, items), how
    often bought, stored only where above 0. weights: the same of decayed weights, with pairs of its own. last_days_ago:
    int64, one entry for each stored count, in their order. Indices are sorted. purchases: the single purchases that the
    counts sum up; None where nobody asked for them.

    Make one with `of`. Raises ValueError where any of this does not hold.
    """

    user_ids: Ids
    item_ids: Ids
    counts: csr_matrix
    weights: csr_matrix
    last_days_ago: npt.NDArray[np.int64]
    purchases: Purchases | None = None

    @classmethod
    def of(cls, user_ids: Ids, item_ids: Ids, pairs: Pairs) -> "History":
        """Return the history of the pairs.

        Raises ValueError for ids that are not sorted and unique, a position outside of them, and a pair that comes
        twice: it is unknown whether its counts belong together.
        """
        users = need_positions("user", pairs.users, len(user_ids))
        items = need_positions("item", pairs.items, len(item_ids))
        # In int64: users times items goes beyond 32 bits in a middling shop.
        key = users * np.int64(len(item_ids)) + items
        order = np.argsort(key, kind="stable")
        twice = np.flatnonzero(key[order][1:] == key[order][:-1])
        if len(twice):
            at = order[twice[0]]
            got = f"{len(twice)} repeated, the first of user {user_ids[users[at]]} and item {item_ids[items[at]]}"
            raise ValueError(f"pairs; expected: one for each user and item; got: {got}")
        shape = (len(user_ids), len(item_ids))
        is_bought, is_weighty = order[pairs.counts[order] > 0], order[pairs.weights[order] > 0]
        counts = _rows(users[is_bought], items[is_bought], pairs.counts[is_bought], shape)
        weights = _rows(users[is_weighty], items[is_weighty], pairs.weights[is_weighty], shape)
        return cls(user_ids, item_ids, counts, weights, pairs.last_days_ago[is_bought].astype(np.int64))

    def __post_init__(self) -> None:
        for side, ids in (("user", self.user_ids), ("item", self.item_ids)):
            if (ids[1:] <= ids[:-1]).any():
                raise ValueError(f"{side} ids; expected: sorted and unique; got: others")
        expected = (len(self.user_ids), len(self.item_ids))
        for name in ("counts", "weights"):
            matrix = getattr(self, name)
            if matrix.shape != expected:
                raise ValueError(f"{name} and ids disagree; expected: {expected}; got: {matrix.shape}")
            _need_amounts(name, matrix.data)
        if len(self.last_days_ago) != self.counts.nnz:
            got = f"{len(self.last_days_ago)} for {self.counts.nnz} counts"
            raise ValueError(f"last_days_ago; expected: one for each stored count; got: {got}")

    def values(self, kind: str) -> csr_matrix:
        """Return one of VALUES as a float64 CSR of (users, items); raise ValueError for another kind."""
        if kind == WEIGHTS:
            return self.weights
        if kind == COUNTS:
            return self.counts
        if kind != BOUGHT:
            raise ValueError(f"values; expected: {', '.join(VALUES)}; got: {kind!r}")
        bought = self.counts.copy()
        bought.data = np.ones_like(bought.data)
        return bought


@dataclass(frozen=True)
class Items:
    """What is known of each of the history's items, in their order.

    department_names: sorted, unique. departments: (items,) positions in them, -1 for an item in none. buyers_28d:
    users who bought it in the 28 days up to the day, 0 or more. is_allowed: may be recommended. categories: (items,)
    finer groups than departments, whole numbers, -1 for an item in none. offers: what is and was on offer. Both are
    None where nobody asked for them. Raises ValueError where any of this does not hold.
    """

    department_names: Ids
    departments: Codes
    buyers_28d: npt.NDArray[np.float64]
    is_allowed: npt.NDArray[np.bool_]
    categories: Codes | None = None
    offers: Offers | None = None

    @classmethod
    def of(cls, facts: ItemFacts, item_ids: Ids) -> "Items":
        """Return the facts of these items; one without facts is in no department and may not be recommended."""
        at = positions_of(facts.item_ids, item_ids)
        names = np.unique(facts.departments[facts.departments != ""])
        if not len(facts.item_ids):
            return cls(names, np.full(len(at), -1, np.int32), np.zeros(len(at)), np.zeros(len(at), np.bool_))
        departments = positions_of(names, facts.departments)[at]
        return cls(
            names,
            np.where(at >= 0, departments, -1).astype(np.int32),
            np.where(at >= 0, facts.buyers_28d[at], 0.0),
            (at >= 0) & (facts.is_promotable & facts.is_available)[at],
        )

    def __post_init__(self) -> None:
        lengths = {len(self.departments), len(self.buyers_28d), len(self.is_allowed)}
        if self.categories is not None:
            lengths.add(len(self.categories))
            _need_codes("categories", self.categories, int(self.categories.max(initial=-1)) + 1)
        if len(lengths) > 1:
            raise ValueError(f"items; expected: arrays of one length; got: lengths {sorted(lengths)}")
        if self.is_allowed.dtype != np.bool_:
            raise ValueError(f"is_allowed; expected: truth values; got: {self.is_allowed.dtype}")
        _need_amounts("buyers_28d", self.buyers_28d)
        _need_codes("departments", self.departments, len(self.department_names))


@dataclass(frozen=True)
class Users:
    """What is known of each of the history's users, in their order.

    favourite_departments: (users, n) positions in `Items.department_names`, -1 where there is none.
    """

    favourite_departments: Codes

    @classmethod
    def of(cls, readers: Readers, user_ids: Ids, department_names: Ids) -> "Users":
        """Return the readers' favourite departments for these users; none for one who is no reader."""
        at = positions_of(readers.user_ids, user_ids)
        favourites = positions_of(department_names, readers.favourite_departments)
        if not len(favourites):
            return cls(np.full((len(at), 1), -1, np.int32))
        return cls(np.where(at >= 0, favourites[at], -1).astype(np.int32)[:, None])

    def __post_init__(self) -> None:
        if self.favourite_departments.ndim != 2:
            got = f"{self.favourite_departments.ndim} dimensions"
            raise ValueError(f"favourite_departments; expected: one row for each user; got: {got}")


def _need_amounts(name: str, values: Numbers) -> None:
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise ValueError(f"{name}; expected: finite, 0 or more; got: {int(wrong.sum())} negative or not finite")


def _need_codes(name: str, codes: npt.NDArray[np.integer[Any]], count: int) -> None:
    if ((codes < -1) | (codes >= count)).any():
        raise ValueError(f"{name}; expected: -1 to {count - 1}; got: {int(codes.min())} to {int(codes.max())}")


def _rows(
    users: npt.NDArray[np.int64], items: npt.NDArray[np.int64], values: Numbers, shape: tuple[int, int]
) -> csr_matrix:
    """Return entries that are in order of user and item as a CSR; their order stays."""
    starts = np.concatenate([[0], np.bincount(users, minlength=shape[0]).cumsum()])
    return csr_matrix((values.astype(np.float64), items, starts), shape=shape)


def favourites_of(history: History, items: Items) -> Codes:
    """Return for each user the department in which it bought most, the first of equals; -1 for none."""
    placed = np.flatnonzero(items.departments >= 0)
    shape = (len(items.departments), max(1, len(items.department_names)))
    belongs = csr_matrix((np.ones(len(placed)), (placed, items.departments[placed])), shape=shape)
    bought = (history.counts @ belongs).toarray()
    return np.where(bought.max(axis=1) > 0, bought.argmax(axis=1), -1).astype(np.int32)
