"""Where a blend's candidates for new items come from: ALS, EASE, cosine, categories, new buyers and offers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.implicit_strategies import COSINE, Neighbours
from overture.core.blend_features import Facts
from overture.core.factors import Matrix
from overture.core.history import BOUGHT, History
from overture.core.parameters import need_whole
from overture.core.ranking import Positions
from overture.core.scoring import FactorScores, ItemScores, Learnt, SumOfScores
from overture.core.strategies import Asked

OWN_CATEGORY_EVER = 0.3
"""What a purchase of the category more than 28 days ago counts beside one within them."""


NEIGHBOURS = 50
"""Kept for each item by cosine."""


@dataclass(frozen=True)
class Depths:
    """How many candidates each source gives a user, 1 or more; of two that give the same, it is one."""

    together: int = 150
    cosine: int = 40
    in_category: int = 40
    newly_bought: int = 30
    on_offer: int = 20

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            need_whole(name, value, 1)


@dataclass(frozen=True)
class Candidates:
    """New items for the users asked for, in order of user and item.

    rows: which of the users asked for. users: these as positions in the history. items: positions. scores: for each of
    SOURCES, nan where it knows nothing. together: float32 (users asked for, items), what orders all that is no
    candidate.
    """

    rows: Positions
    users: Positions
    items: Positions
    scores: dict[str, Matrix]
    together: Matrix


class Sources:
    """The sources, fitted to a history.

    Together: see `implicit_strategies.Together`. In category: how much of the
    item's category the user buys, times the item's part of its sales. Newly bought: users who bought it for the first
    time in 14 days. On offer: the same, of what is on offer on the day.
    """

    def __init__(
        self, history: History, facts: Facts, als: FactorScores | None, together: SumOfScores | None, depths: Depths
    ) -> None:
        """Fit the others beside what ALS and `Together` have learnt; a source that learns nothing has no candidates."""
        bought = history.values(BOUGHT)
        self.facts, self.depths, self.als, self.together = facts, depths, als, together
        parts = self.together.parts if self.together is not None else ()
        self.ease = next((part for part in parts if isinstance(part, ItemScores)), None)
        self.bought = bought.astype(np.float32)
        self.neighbours = (
            Neighbours(COSINE, NEIGHBOURS).similarity(bought) if bought.nnz else csr_matrix(2 * (bought.shape[1],))
        )
        self.new = facts.demand.new_14d.astype(np.float32)
        self.on_offer = self.new * (facts.offers > 0)
        self.in_category, self.share = _categories(facts)

    def find(self, asked: Asked) -> Candidates:
        """Return the candidates of the users asked for, who are asked what is new to them."""
        at, count = asked.positions, len(asked.is_allowed)
        als, ease, together = (_scored(each, at, count) for each in (self.als, self.ease, self.together))
        cosine = (self.bought[at] @ self.neighbours).toarray()
        # The group of the items in none has no taste to speak of.
        own = self.in_category[at].toarray()
        own[:, -1:] = 0
        in_category = own[:, self.facts.categories.group_of] * self.share
        new, on_offer = (np.broadcast_to(each, together.shape) for each in (self.new, self.on_offer))
        sources = zip((together, cosine, in_category, new, on_offer), vars(self.depths).values(), strict=True)
        best = [asked.best(scores, depth, without_zeros=True) for scores, depth in sources]
        rows, items = _united(best, count)
        scores = {"als": als, "ease": ease, "together": together, "cosine": cosine, "in_category": in_category}
        return Candidates(rows, at[rows], items, {name: each[rows, items] for name, each in scores.items()}, together)


def _categories(facts: Facts) -> tuple[csr_matrix, npt.NDArray[np.float32]]:
    """Return how much of each category users buy, (users, categories), and each item's part of its category's sales."""
    affinity, sold = facts.categories, facts.demand.sold_28d
    weights = affinity.counts_28d + OWN_CATEGORY_EVER * affinity.counts
    users, groups = np.divmod(affinity.keys, affinity.groups)
    shape = (len(affinity.totals), affinity.groups)
    own = csr_matrix((weights.astype(np.float32), (users, groups)), shape=shape)
    of_category = np.bincount(affinity.group_of, sold, affinity.groups)[affinity.group_of]
    return own, (sold / np.maximum(of_category, 1)).astype(np.float32)


def _scored(learnt: Learnt | None, users: Positions, items: int) -> Matrix:
    found = np.full((len(users), items), np.nan, np.float32)
    if learnt is not None:
        found[:, learnt.allowed] = learnt.scores(users)
    return found


def _united(lists: list[Positions], items: int) -> tuple[Positions, Positions]:
    """Return row and item of each entry of any of the lists once, in order."""
    found = [np.arange(len(each))[:, None] * np.int64(max(1, items)) + each for each in lists]
    keys = np.concatenate([keys[each >= 0] for keys, each in zip(found, lists, strict=True)])
    rows, positions = np.divmod(np.unique(keys), max(1, items))
    return rows, positions
