"""The order that trees give to candidates: of what is new to a user, and of what the user bought before."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from overture.adapters.blend_sources import Sources
from overture.adapters.lightgbm_ranker import Rank
from overture.core.blend_features import Facts
from overture.core.ranking import Positions, Scores
from overture.core.scoring import values_at
from overture.core.strategies import Asked

LEAST_SCORE = 0.001
"""Added to a score before its logarithm: what ALS and EASE know nothing of is not infinitely bad."""


@dataclass(frozen=True)
class NewOrder:
    """What is new to a user: candidates of the sources as the trees rank them, then all else as ALS with EASE does.

    mix: so many times the logarithm of their score is added to what the trees say.
    """

    sources: Sources
    rank: Rank
    mix: float

    def best(self, asked: Asked, k: int) -> tuple[Positions, Scores]:
        """Return each user's k best items, -1 past the end, and how likely each is to be bought.

        It is the chance among users who bought a candidate in the week after; 0 for what is no candidate.
        """
        found = self.sources.find(asked)
        names, features = self.sources.facts.of_new(found.users, found.items, found.scores)
        liking = self.rank(names, features) + self.mix * np.log(np.nan_to_num(found.scores["together"]) + LEAST_SCORE)
        # From -1 up to 0 in the order of als_with_ease; candidates stand above, from 0 to 1.
        scores = found.together.astype(np.float64)
        scores = scores / (1 + scores) - 1
        scores[found.rows, found.items] = _chance(liking)
        items = asked.best(scores, k)
        chances = np.take_along_axis(scores, np.maximum(items, 0), axis=1) if scores.size else np.zeros(items.shape)
        return items, np.where(items >= 0, np.maximum(chances, 0.0), 0.0)


@dataclass(frozen=True)
class AgainOrder:
    """What a user bought before, as the trees rank it."""

    facts: Facts
    rank: Rank

    def best(self, asked: Asked, k: int) -> tuple[Positions, Scores]:
        """Return each user's k best items, -1 past the end, and how likely each is to be bought; see `NewOrder`."""
        rows = np.repeat(np.arange(len(asked)), np.diff(asked.bought.indptr))
        items = asked.bought.indices.astype(np.int64)
        entries = self.facts.rhythm.entries_of(asked.positions[rows], items, asked.bought.shape[1])
        known = entries >= 0
        names, features = self.facts.of_bought(entries[known])
        chances = _chance(self.rank(names, features))
        values = csr_matrix((chances, (rows[known], items[known])), shape=asked.bought.shape)
        found = asked.best_of_bought(values, k)
        return found, values_at(values, np.arange(len(asked)), found)


def _chance(log_odds: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-log_odds)), np.float64)
