"""Recommendation strategies that implicit computes: neighbours, BPR, our ALS, and our ALS together with EASE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters, fit_factors, one_blas_thread
from overture.configuration import load_config
from overture.core.behaviour import Interactions, positions_of
from overture.core.confidence import weigh
from overture.core.factors import Matrix
from overture.core.history import BOUGHT, VALUES, History, Items, Users
from overture.core.item_models import Ease
from overture.core.parameters import need_number, need_one_of, need_whole
from overture.core.ranking import Positions
from overture.core.strategies import Asked, Recommend, Score, no_lists

BM25: Final = "bm25"
COSINE: Final = "cosine"
FORMULAS: Final = (BM25, COSINE)


@dataclass(frozen=True)
class Neighbours:
    """Items that the same users bought as the user's own: nearest neighbours by implicit.

    formula: `cosine` of the items' columns; or `bm25`, the product of columns weighed by Okapi BM25 with users as terms
    and items as documents, where a user who buys everything says little. An item is a neighbour of itself.

    neighbours: kept for each item. k1, b: of BM25: how fast repetition saturates (0 or more), how much an item with
    many users is held back (0 to 1). values: one of VALUES. Raises ValueError for a parameter out of range.
    """

    formula: str = BM25
    neighbours: int = 100
    k1: float = 1.2
    b: float = 0.75
    values: str = BOUGHT

    def __post_init__(self) -> None:
        need_one_of("formula", self.formula, FORMULAS)
        need_whole("neighbours", self.neighbours, 1)
        need_number("k1", self.k1, 0)
        need_number("b", self.b, 0, 1)
        need_one_of("values", self.values, VALUES)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn each item's neighbours; without any purchase every list is empty."""
        learnt = interactions.values(self.values)
        if not learnt.nnz:
            return no_lists
        similarity = self.similarity(learnt)
        history = learnt.astype(np.float32)

        def recommend(asked: Asked, k: int) -> Positions:
            return asked.best((history[asked.positions] @ similarity).toarray(), k, without_zeros=True)

        return recommend

    def similarity(self, values: csr_matrix) -> csr_matrix:
        """Return the (items, items) float32 CSR of neighbours of (users, items) values; one thread, so it repeats."""
        from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize

        by_item = values.T
        weighted = bm25_weight(by_item, self.k1, self.b) if self.formula == BM25 else normalize(by_item)
        model = ItemItemRecommender(K=self.neighbours, num_threads=1)
        # BM25Recommender and CosineRecommender do the same, but warn that what they hand on is no CSR.
        model.fit(weighted.T.tocsr(), show_progress=False)
        return csr_matrix(model.similarity, dtype=np.float32)


@dataclass(frozen=True)
class Bpr:
    """Factors learnt so that what a user bought ranks above what not, by implicit.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit feedback"
    (2009). Values other than 0 count alike. Only users and items that something was learnt of are in lists.

    factors, iterations: 1 or more. learning_rate, regularization: 0 or more. seed: 0 or more; with one thread the same
    seed gives the same lists. Raises ValueError for a parameter out of range.
    """

    factors: int = 64
    learning_rate: float = 0.05
    regularization: float = 0.01
    iterations: int = 30
    seed: int = 20170101
    values: str = BOUGHT

    def __post_init__(self) -> None:
        for name, least in (("factors", 1), ("iterations", 1), ("seed", 0)):
            need_whole(name, getattr(self, name), least)
        need_number("learning_rate", self.learning_rate, 0)
        need_number("regularization", self.regularization, 0)
        need_one_of("values", self.values, VALUES)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn the factors; without any purchase every list is empty."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        learnt = interactions.values(self.values)
        if not learnt.nnz:
            return no_lists
        model = BayesianPersonalizedRanking(
            factors=self.factors,
            learning_rate=self.learning_rate,
            regularization=self.regularization,
            iterations=self.iterations,
            num_threads=1,
            random_state=self.seed,
        )
        model.fit(learnt.astype(np.float32), show_progress=False)
        has_user = np.diff(learnt.indptr) > 0
        has_item = np.bincount(learnt.indices, minlength=learnt.shape[1]) > 0
        score = _by_factors(model.user_factors, model.item_factors, has_user, has_item)
        return lambda asked, k: asked.best(score(asked.positions), k)


@dataclass(frozen=True)
class Als:
    """The project's own: alternating least squares with the parameters of `config/als.toml`.

    threads: how many compute, 1 or more; the lists are the same for any. Raises ValueError for a number out of range.
    """

    threads: int = 1

    def __post_init__(self) -> None:
        need_whole("threads", self.threads, 1)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn the factors from the decayed weights; where none is heavy enough every list is empty."""
        score = self.fit_scores(interactions)
        return no_lists if score is None else lambda asked, k: asked.best(score(asked.positions), k)

    def fit_scores(self, interactions: History) -> Score | None:
        """Learn the factors and return what scores; None where no weight is heavy enough."""
        parameters = AlsParameters.from_config(load_config("als"))
        flat = _interactions_of(interactions)
        weights = weigh(flat, flat.weights, parameters.least_weight)
        if not weights.matrix.nnz:
            return None
        factors = fit_factors(weights, parameters, self.threads)
        user_row = positions_of(factors.user_ids, interactions.user_ids)
        item_row = positions_of(factors.item_ids, interactions.item_ids)
        return _by_factors(factors.user_factors[user_row], factors.item_factors[item_row], user_row >= 0, item_row >= 0)


@dataclass(frozen=True)
class Together:
    """The sum of the scores of ALS and EASE, times the item's buyers in 28 days to a small power.

    Both foresee the same 0 or 1, so their scores are of one size, and they err differently: EASE knows pairs of items,
    factors know taste. EASE knows the most bought items only; where one of both knows nothing it adds 0.

    threads: as for `Als`. regularization, items: as for `Ease`. popularity: the power, 0 or more. nDCG@10 of what was
    new in the 7 days after 2017-06-13, 07-11 and 08-08 of the bundled source: .0319; with power 0 .0314, EASE alone
    .0304, ALS alone .0298, popular items .0240. Raises ValueError for a parameter out of range.
    """

    threads: int = 1
    regularization: float = 300.0
    items: int = 4000
    popularity: float = 0.15

    def __post_init__(self) -> None:
        need_number("popularity", self.popularity, 0)
        self._parts()

    def _parts(self) -> tuple[Als, Ease]:
        return Als(self.threads), Ease(self.regularization, self.items)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn both; where neither learns anything every list is empty."""
        scores = [score for part in self._parts() if (score := part.fit_scores(interactions)) is not None]
        if not scores:
            return no_lists
        lift = popularity_lift(items, self.popularity)

        def recommend(asked: Asked, k: int) -> Positions:
            return asked.best(sum_of_scores([score(asked.positions) for score in scores], lift), k)

        return recommend


def popularity_lift(items: Items, power: float) -> npt.NDArray[np.float32]:
    """Return (items,) factors: each item's buyers in 28 days by those of the most bought one, to the power."""
    buyers = (items.buyers_28d + 1) / (items.buyers_28d.max(initial=0) + 1)
    return np.asarray(buyers**power, np.float32)


def sum_of_scores(scores: Sequence[Matrix], lift: npt.NDArray[np.float32]) -> Matrix:
    """Return the sum of (users, items) scores, at least 0, times the lift; nan counts as 0, and stays where all are."""
    total = np.sum([np.nan_to_num(each) for each in scores], axis=0)
    total[np.all([np.isnan(each) for each in scores], axis=0)] = np.nan
    return np.asarray(np.maximum(total, 0) * lift, np.float32)


def _interactions_of(history: History) -> Interactions:
    weights = history.weights.tocoo()
    nothing = np.zeros(weights.nnz, np.int64)
    return Interactions(
        history.user_ids, history.item_ids, weights.row, weights.col, weights.data, weights.data, nothing, nothing, ""
    )


def _by_factors(
    user_factors: Matrix, item_factors: Matrix, has_user: npt.NDArray[np.bool_], has_item: npt.NDArray[np.bool_]
) -> Score:
    """Return what scores by dot products; a user or item without factors has no score.

    The products are summed in float64 and rounded to float32: how BLAS sums depends on how many users are scored
    together, and the rounding takes that difference away.
    """
    users, items = np.asarray(user_factors, np.float64), np.asarray(item_factors, np.float64)

    def score(positions: Positions) -> Matrix:
        with one_blas_thread():
            scores = (users[positions] @ items.T).astype(np.float32)
        scores[:, ~has_item] = np.nan
        scores[~has_user[positions]] = np.nan
        return scores

    return score
