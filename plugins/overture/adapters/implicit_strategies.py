"""Recommendation strategies that implicit computes: neighbours, BPR, our ALS, and our ALS together with EASE."""

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters, fit_factors, fold_in
from overture.configuration import load_config
from overture.core.behaviour import Interactions, positions_of
from overture.core.confidence import Weights, confidence_of, weigh
from overture.core.factors import Factors, spread
from overture.core.history import BOUGHT, VALUES, History, Items, Users
from overture.core.item_models import Ease
from overture.core.parameters import need_number, need_one_of, need_whole
from overture.core.ranking import Positions
from overture.core.regularization import Regularization
from overture.core.scoring import FactorScores, SumOfScores, best_of
from overture.core.strategies import Asked, Recommend, no_lists

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
        user_factors, item_factors = (np.asarray(side, np.float32) for side in (model.user_factors, model.item_factors))
        user_factors[np.diff(learnt.indptr) == 0] = np.nan
        item_factors[np.bincount(learnt.indices, minlength=learnt.shape[1]) == 0] = np.nan
        scores = FactorScores(user_factors, item_factors, learnt, Regularization(0.0), np.flatnonzero(items.is_allowed))
        return lambda asked, k: best_of(scores, asked, k)[0]


@dataclass(frozen=True)
class Als:
    """The project's own: alternating least squares with the parameters of `config/als.toml`, or those given.

    threads: how many compute, 1 or more; the lists are the same for any. Raises ValueError for a number out of range.
    """

    threads: int = 1
    factor_parameters: AlsParameters | None = None

    def __post_init__(self) -> None:
        need_whole("threads", self.threads, 1)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn the factors from the decayed weights; where none is heavy enough every list is empty."""
        learnt = self.learn(interactions, items)
        return no_lists if learnt is None else lambda asked, k: best_of(learnt, asked, k)[0]

    def learn(self, interactions: History, items: Items) -> FactorScores | None:
        """Learn the factors and return what scores by them; None where no weight is heavy enough."""
        parameters = self.factor_parameters or AlsParameters.from_config(load_config("als"))
        flat = _interactions_of(interactions)
        weights = weigh(flat, flat.weights, parameters.least_weight)
        if not weights.matrix.nnz:
            return None
        return factor_scores(fit_factors(weights, parameters, self.threads), weights, parameters, interactions, items)


def factor_scores(
    factors: Factors, weights: Weights, parameters: AlsParameters, history: History, items: Items
) -> FactorScores:
    """Return what scores by factors that were fitted to these weights, in the history's order of users and items."""
    confidence = confidence_of(weights.matrix, parameters.alpha).tocoo()
    users, columns = (positions_of(ids, of) for ids, of in (
        (history.user_ids, factors.user_ids), (history.item_ids, factors.item_ids)
    ))  # fmt: skip
    placed = csr_matrix((confidence.data, (users[confidence.row], columns[confidence.col])), shape=history.counts.shape)
    return FactorScores(
        spread(factors.user_factors, users, len(history.user_ids)),
        spread(factors.item_factors, columns, len(history.item_ids)),
        placed,
        parameters.regularization_for(weights),
        np.flatnonzero(items.is_allowed),
    )


def with_folded_in(
    scores: FactorScores, history: History, alpha: float, users: Positions, threads: int
) -> tuple[FactorScores, Positions]:
    """Give users factors by all that they ever did, however light, with items that have factors.

    users: positions in the history. Returns the scores and those of the users who had anything to do with such items.
    """
    is_known = ~np.isnan(scores.item_factors[:, 0])
    lightest = history.weights[users].tocoo()
    kept = is_known[lightest.col]
    places = lightest.row[kept], lightest.col[kept]
    confidence = confidence_of(csr_matrix((lightest.data[kept], places), shape=lightest.shape), alpha)
    user_factors = scores.user_factors.copy()
    user_factors[users] = fold_in(np.nan_to_num(scores.item_factors), confidence, scores.regularization, threads)
    has_any = np.diff(confidence.indptr) > 0
    user_factors[users[~has_any]] = np.nan
    fitted, folded = scores.confidence.tocoo(), confidence.tocoo()
    stays = ~np.isin(fitted.row, users)
    rows = np.concatenate([fitted.row[stays], users[folded.row]])
    columns = np.concatenate([fitted.col[stays], folded.col])
    both = np.concatenate([fitted.data[stays], folded.data])
    placed = csr_matrix((both, (rows, columns)), shape=scores.confidence.shape)
    return dataclasses.replace(scores, user_factors=user_factors, confidence=placed), users[has_any]


@dataclass(frozen=True)
class Together:
    """The sum of the scores of ALS and EASE, lifted by popularity, plus what anybody would do.

    ALS and EASE foresee the same 0 or 1, so their scores are of one size, and they err differently: EASE knows pairs of
    items, factors know taste. EASE knows the most bought items only; where one of both knows nothing it adds 0. The sum
    is multiplied by the item's buyers in 28 days, as a share of the most, to a small power; then `prior` times the
    share of users that bought the item in 28 days is added. Of users with little history the sums are near 0, so that
    these get what is popular, and more and more of their own as more is known.

    threads, factor_parameters: as for `Als`. regularization, items: as for `Ease`. popularity: the power, prior: the
    weight, both 0 or more.
    nDCG@10 of what was new in the 7 days after 2017-06-13, 07-11 and 08-08 of the bundled source: .0319 without prior;
    with power 0 .0314, EASE alone .0304, ALS alone .0298, popular items .0240. With it, on 06-13: .0340 (prior 0 .0332,
    1 .0335); where one item of a user is kept .129 (.068, .129), three .127 (.088, .128), eight .108 (.087, .109);
    popular items .131, .125 and .103. Raises ValueError for a parameter out of range.
    """

    threads: int = 1
    regularization: float = 300.0
    items: int = 4000
    popularity: float = 0.15
    prior: float = 0.5
    factor_parameters: AlsParameters | None = None

    def __post_init__(self) -> None:
        need_number("popularity", self.popularity, 0)
        need_number("prior", self.prior, 0)
        self._parts()

    def _parts(self) -> tuple[Als, Ease]:
        return Als(self.threads, self.factor_parameters), Ease(self.regularization, self.items)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn both; where neither learns anything every list is empty."""
        learnt = self.learn(interactions, items, self.factors(interactions, items))
        return no_lists if learnt is None else lambda asked, k: best_of(learnt, asked, k)[0]

    def factors(self, interactions: History, items: Items) -> FactorScores | None:
        """Learn the factors alone; None where no weight is heavy enough."""
        return self._parts()[0].learn(interactions, items)

    def learn(self, interactions: History, items: Items, factors: FactorScores | None) -> SumOfScores | None:
        """Learn EASE's weights beside factors that are there already; None where both know nothing."""
        parts = [part for part in (factors, self._parts()[1].learn(interactions, items)) if part is not None]
        lift = ((items.buyers_28d + 1) / (items.buyers_28d.max(initial=0) + 1)) ** self.popularity
        prior = self.prior * items.buyers_28d / max(1, len(interactions.user_ids))
        return SumOfScores(parts, lift, prior) if parts else None


def _interactions_of(history: History) -> Interactions:
    weights = history.weights.tocoo()
    nothing = np.zeros(weights.nnz, np.int64)
    return Interactions(
        history.user_ids, history.item_ids, weights.row, weights.col, weights.data, weights.data, nothing, nothing, ""
    )
