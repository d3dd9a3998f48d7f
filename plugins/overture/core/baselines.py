"""Recommendations without learning, which every learnt one must beat: popular items, and one's own habits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.history import History, Items, Users
from overture.core.ranking import Positions
from overture.core.strategies import Asked, Recommend


@dataclass(frozen=True)
class Popular:
    """The same for everyone: the items with most buyers in 28 days; an item without any is left out."""

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Return what ranks by buyers; nothing is learnt."""

        def recommend(asked: Asked, k: int) -> Positions:
            scores = np.broadcast_to(items.buyers_28d, (len(asked), len(items.buyers_28d)))
            return asked.best(scores, k, without_zeros=True)

        return recommend


@dataclass(frozen=True)
class PopularInDepartments:
    """Popular items of all the user's favourite departments together, then popular items of the others.

    A user without a favourite department gets what `Popular` gives.
    """

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Return what ranks by department and buyers; nothing is learnt."""
        # Ranks from 1: exact in float32, which the sum of a rank and a lead of one whole ranking needs.
        _, rank = np.unique(items.buyers_28d, return_inverse=True)
        ranks = np.where(items.buyers_28d > 0, rank + 1, 0).astype(np.float32)
        lead = np.float32(ranks.max(initial=0) + 1)
        departments = len(items.department_names)

        def recommend(asked: Asked, k: int) -> Positions:
            is_favourite = _is_favourite(users.favourite_departments[asked.positions], departments)
            scores = ranks + lead * is_favourite[:, items.departments]
            scores[:, ranks == 0] = 0
            return asked.best(scores, k, without_zeros=True)

        return recommend


def _is_favourite(favourites: npt.NDArray[np.int32], departments: int) -> npt.NDArray[np.float32]:
    """Return (users, departments + 1) of 0 and 1; the last column, which code -1 points to, is 0."""
    found = np.zeros((len(favourites), departments + 1), np.float32)
    rows, places = np.nonzero(favourites >= 0)
    found[rows, favourites[rows, places]] = 1
    return found


@dataclass(frozen=True)
class OwnMostBought:
    """What the user bought most often; of equal counts the one bought last. It has nothing to discover."""

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Return what ranks the user's own purchases; nothing is learnt."""
        days = interactions.last_days_ago
        counts = interactions.counts
        # Whole counts less a fraction below 1: recency decides between equal counts only.
        scores = counts.data - days / (days.max(initial=0) + 1.0)
        habits = csr_matrix((scores, counts.indices, counts.indptr), shape=counts.shape)

        def recommend(asked: Asked, k: int) -> Positions:
            return asked.best_of_bought(habits[asked.positions], k)

        return recommend
