"""Single events with their age, from which the weights of any earlier day can be made for any half-life."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from overture.core.behaviour import Codes, Ids

DAYS_OF: Final = ("days_ago", "known_days_ago")


@dataclass(frozen=True)
class DatedEvents:
    """One entry for each user, item, type and day with equal events, in order of user, item, type and age.

    user_ids, item_ids, types: sorted, unique. users, items, kinds: positions in them. days_ago: from the event to the
    day that all was read as of, 0 or more. known_days_ago: the same of its arrival, never more than days_ago. counts:
    how many events, 1 or more. Make one with `of`; raises ValueError where any of this does not hold.
    """

    user_ids: Ids
    item_ids: Ids
    types: Ids
    users: Codes
    items: Codes
    kinds: Codes
    days_ago: Codes
    known_days_ago: Codes
    counts: Codes

    @classmethod
    def of(
        cls, ids: tuple[Ids, Ids, Ids], places: tuple[Codes, Codes, Codes], ages: tuple[Codes, Codes], counts: Codes
    ) -> "DatedEvents":
        """Return the events, given in any order. ids, places: of users, items and types. ages: of event and arrival."""
        arrays = (*places, *ages, counts)
        # Down to the counts: what is summed in another order differs in its last bit.
        order = np.lexsort((counts, ages[1], ages[0], places[2], places[1], places[0]))
        return cls(*ids, *(np.asarray(array, np.int32)[order] for array in arrays))

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("users", "items", "kinds", *DAYS_OF, "counts")}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"events; expected: arrays of one length; got: {lengths}")
        wrong = (self.known_days_ago < 0) | (self.known_days_ago > self.days_ago) | (self.counts < 1)
        if wrong.any():
            got = f"{int(wrong.sum())} others"
            raise ValueError(f"events; expected: known on or after their day, once or more; got: {got}")

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True)
class FadingPairs:
    """What every user and item had had to do with each other by one day, with ages still open to any half-life.

    users, items: int64 (pairs,), in order of user and item. entries, ages, kinds, counts: one for each event: its pair,
    its age in days on that day, its type, and how many of it there were.
    """

    users: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    ages: Codes
    kinds: Codes
    counts: Codes

    @classmethod
    def of(cls, events: DatedEvents, days_before: int) -> "FadingPairs":
        """Return the pairs of what had occurred and arrived by the end of the day that was so many days before."""
        known = (events.days_ago >= days_before) & (events.known_days_ago >= days_before)
        key = events.users[known] * np.int64(max(1, len(events.item_ids))) + events.items[known]
        pairs, entries = np.unique(key, return_inverse=True)
        users, items = np.divmod(pairs, max(1, len(events.item_ids)))
        ages = events.days_ago[known] - np.int32(days_before)
        return cls(users, items, entries, ages, events.kinds[known], events.counts[known])

    def weights(self, half_life_days: float, type_weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return each pair's weight: the sum of its events' type weights, halved with every half-life of their age.

        type_weights: (types,), 0 or more. Raises ValueError for a half-life that is not above 0.

        >>> two = np.array([0, 0])
        >>> pairs = FadingPairs(np.array([0]), np.array([3]), two, np.array([0, 10]), two, np.array([1, 2]))
        >>> pairs.weights(10, np.array([1.0])).tolist()
        [2.0]
        """
        if not half_life_days > 0:
            raise ValueError(f"half-life; expected: above 0 days; got: {half_life_days}")
        # One power for each age instead of each event: of a million events, 0.01 s instead of 0.05.
        faded = 0.5 ** (np.arange(int(self.ages.max(initial=0)) + 1) / half_life_days)
        parts = type_weights[self.kinds] * self.counts * faded[self.ages]
        return np.bincount(self.entries, weights=parts, minlength=len(self.users)).astype(np.float64, copy=False)
