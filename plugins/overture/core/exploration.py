"""Bounded exploration: a share of the users is shown one new item a day, and with what probability is recorded."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Ids
from overture.core.ranking import Positions, stored_pairs

Hashes = npt.NDArray[np.uint64]

WHO: Final = 1
WHICH: Final = 2
"""What a draw decides; each has numbers of its own."""


@dataclass(frozen=True)
class ExplorationRules:
    """day: whose lists these are. share: of the users, 0 to 1, who see a new item. place: where, 1 is the first.

    seed: of the draws. Raises ValueError for a number out of range.
    """

    day: date
    share: float
    place: int
    seed: int

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or self.place < 1 or self.seed < 0:
            raise ValueError(f"exploration; expected: share in 0..1, place from 1, seed from 0; got: {self}")


@dataclass(frozen=True)
class Explored:
    """Lists after exploration.

    items: int64 (users, length), item positions; -1 past the end. is_explored: bool of the same shape.
    propensities: float64 of the same shape: how probable it was, over the draws of that day, that this user's list
    would hold this item; above 0, 1 where chance has no part in it, and 0 where `items` is -1.
    """

    items: Positions
    is_explored: npt.NDArray[np.bool_]
    propensities: npt.NDArray[np.float64]


def explore(
    items: Positions, user_ids: Ids, candidates: Positions, excluded: csr_matrix, rules: ExplorationRules
) -> Explored:
    """Put a new item at `rules.place` of the lists of a share of the users; `items` is left as it is.

    items: int64 (users, length), the lists, best first, -1 past the end; the place lies in the length. user_ids: one
    a list. candidates: int64 (users, n), the new items that each user might be shown, none twice, -1 where there are
    fewer. excluded: (users, items) CSR; what is stored there or in the list already is never drawn.

    A user is chosen with probability `share`, whoever else is asked for, and each of the n items that may be drawn
    has the same chance: its propensity is share / n, and that of the item whose place it would take 1 - share. A list
    that ends before the place is made one longer, and nothing gives way. Draws depend on seed, user id and day alone.
    Raises ValueError for a place past the length.
    """
    users, length = items.shape
    if rules.place > length:
        raise ValueError(f"place; expected: within lists of {length}; got: {rules.place}")
    at = np.minimum((items >= 0).sum(axis=1), rules.place - 1)
    may = _may_be_drawn(items, candidates, excluded)
    counts = may.sum(axis=1)
    chance = np.where(counts > 0, rules.share, 0.0)
    row = np.flatnonzero(draws(user_ids, rules.day, rules.seed, WHO) < chance)
    number = (draws(user_ids[row], rules.day, rules.seed, WHICH) * counts[row]).astype(np.int64)
    column = (may[row].cumsum(axis=1) > number[:, None]).argmax(axis=1)
    explored = Explored(items.copy(), np.zeros(items.shape, np.bool_), (items >= 0).astype(np.float64))
    everyone = np.arange(users)
    explored.propensities[everyone, at] *= 1.0 - chance
    explored.items[row, at[row]] = candidates[row, column]
    explored.is_explored[row, at[row]] = True
    explored.propensities[row, at[row]] = rules.share / counts[row]
    return explored


def _may_be_drawn(items: Positions, candidates: Positions, excluded: csr_matrix) -> npt.NDArray[np.bool_]:
    first_key = np.arange(len(items))[:, None] * excluded.shape[1]
    taken = np.concatenate([stored_pairs(excluded), (first_key + items)[items >= 0]])
    free: npt.NDArray[np.bool_] = (candidates >= 0) & ~np.isin(first_key + candidates, taken)
    return free


def draws(user_ids: Ids, day: date, seed: int, purpose: int) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each user, the same for ever for the same id, day, seed and purpose.

    FNV-1a over the id's code points (Fowler, Noll and Vo; draft-eastlake-fnv), then the finalizer of SplitMix64
    (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014, figure 15) once for each of the
    others. numpy's own generators promise no stream across versions, and draw by position.

    >>> draws(np.array(["7", "7"]), date(2017, 7, 11), 1, WHO).tolist() == [draws(np.array(["7"]),
    ...     date(2017, 7, 11), 1, WHO)[0]] * 2
    True
    """
    hashes = _hash_of(user_ids)
    for number in (seed, day.toordinal(), purpose):
        hashes = _mixed(hashes ^ _mixed(np.array([number], np.uint64)))
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _hash_of(ids: Ids) -> Hashes:
    width = ids.dtype.itemsize // 4
    points = np.ascontiguousarray(ids).view(np.uint32).reshape(len(ids), width) if width else np.empty((len(ids), 0))
    hashes = np.full(len(ids), 0xCBF29CE484222325, np.uint64)
    for place in range(width):
        point = points[:, place].astype(np.uint64)
        # numpy fills short ids up with zeros, and how many depends on the longest id.
        hashes = np.where(point > 0, (hashes ^ point) * np.uint64(0x100000001B3), hashes)
    return hashes


def _mixed(numbers: Hashes) -> Hashes:
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
