"""What training and ranking know of one data day: interactions, items and the users to recommend to, as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Ids = npt.NDArray[np.str_]
Codes = npt.NDArray[np.int32]
Sorted = npt.NDArray[np.str_] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interactions:
    """One entry for each user and item that had to do with each other up to the day, in order of user and item.

    user_ids, item_ids: sorted, unique. users, items: positions in them. weights, weights_before_holdout: decayed, 0
    or more. held_out_counts: events in the held-out days. bought_days_ago: days from the last purchase to the data
    day, -1 where nothing was bought. sha256: over all of these, equal for equal rows in any order.
    """

    user_ids: Ids
    item_ids: Ids
    users: Codes
    items: Codes
    weights: npt.NDArray[np.float64]
    weights_before_holdout: npt.NDArray[np.float64]
    held_out_counts: npt.NDArray[np.int64]
    bought_days_ago: npt.NDArray[np.int64]
    sha256: str


@dataclass(frozen=True)
class ItemFacts:
    """The items known on the day, in order of item_id.

    titles, departments: "" where there is none. is_available: can be bought. is_promotable: may be recommended and
    named. buyers_28d: users who bought it in the 28 days up to the day.
    """

    item_ids: Ids
    titles: npt.NDArray[np.str_]
    departments: npt.NDArray[np.str_]
    is_available: npt.NDArray[np.bool_]
    is_promotable: npt.NDArray[np.bool_]
    buyers_28d: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Readers:
    """The users who may get recommendations, in order of user_id; favourite_departments is "" where there is none."""

    user_ids: Ids
    favourite_departments: npt.NDArray[np.str_]


def positions_of(ids: Sorted, wanted: Sorted) -> npt.NDArray[np.int64]:
    """Return where each wanted id stands in the sorted `ids`, in the shape of `wanted`; -1 for one that is not there.

    >>> positions_of(np.array(["a", "c"]), np.array(["c", "b"])).tolist()
    [1, -1]
    """
    if not len(ids):
        return np.full(np.shape(wanted), -1, np.int64)
    found = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[found] == wanted, found, -1)


def need_positions(side: str, positions: npt.NDArray[np.integer[Any]], count: int) -> npt.NDArray[np.int64]:
    """Return the positions as int64; raise ValueError for one that is not among so many ids of `side`."""
    # Compared before the conversion: a number beyond int64 would come out of it as another one.
    wrong = (positions < 0) | (positions >= count)
    if wrong.any():
        got = f"{int(wrong.sum())} others, the first {int(positions[wrong][0])}"
        raise ValueError(f"{side} positions; expected: 0 to {count - 1}; got: {got}")
    return positions.astype(np.int64)


def pairs_of(interactions: Interactions, chosen: npt.NDArray[np.bool_], user_ids: Ids, item_ids: Ids) -> csr_matrix:
    """Return the chosen interactions as a (user_ids, item_ids) CSR of ones; those of other users or items are left out.

    chosen: one entry for each interaction. user_ids, item_ids: sorted, unique.
    """
    rows = positions_of(user_ids, interactions.user_ids)[interactions.users[chosen]]
    columns = positions_of(item_ids, interactions.item_ids)[interactions.items[chosen]]
    kept = (rows >= 0) & (columns >= 0)
    ones = np.ones(int(kept.sum()), np.float32)
    return csr_matrix((ones, (rows[kept], columns[kept])), shape=(len(user_ids), len(item_ids)))
