import warnings

import numpy as np
import pytest

from overture.adapters import implicit_strategies
from overture.adapters.als import AlsParameters, fit_factors
from overture.adapters.implicit_strategies import Als, Bpr, Neighbours
from overture.configuration import load_config
from overture.core.confidence import Weights
from overture.core.factors import Factors
from overture.core.strategies import DISCOVER, REPLENISH, Asked
from strategy_shop import history_of, no_favourites, plain_items, two_tastes

HISTORY, ITEMS, USERS = two_tastes()
COUNTS = HISTORY.counts.toarray()


def bm25(values: np.ndarray, k1: float, b: float) -> np.ndarray:
    """The formula as Robertson and Zaragoza give it, users as terms and items as documents, implicit's idf."""
    rarity = np.log(values.shape[1]) - np.log1p((values > 0).sum(axis=1))
    length = 1 - b + b * values.sum(axis=0) / values.sum(axis=0).mean()
    weighed = values * (k1 + 1) / (k1 * length + values) * rarity[:, None]
    return np.asarray(weighed.T @ weighed)


def cosine(values: np.ndarray) -> np.ndarray:
    lengths = np.sqrt((values**2).sum(axis=0))
    return np.asarray(values.T @ values / np.outer(lengths, lengths))


def test_cosine_neighbours_are_those_of_the_formula() -> None:
    similarity = Neighbours(formula="cosine", neighbours=60).similarity(HISTORY.counts)
    np.testing.assert_allclose(similarity.toarray(), cosine(COUNTS), rtol=1e-5, atol=1e-7)


def test_bm25_neighbours_are_those_of_the_formula() -> None:
    similarity = Neighbours(neighbours=60, k1=2.0, b=0.3).similarity(HISTORY.counts)
    np.testing.assert_allclose(similarity.toarray(), bm25(COUNTS, 2.0, 0.3), rtol=1e-4, atol=1e-5)


def test_only_the_nearest_neighbours_are_kept() -> None:
    similarity = Neighbours(formula="cosine", neighbours=3).similarity(HISTORY.counts).toarray()
    nearest = np.sort(cosine(COUNTS), axis=1)[:, -3:]
    np.testing.assert_allclose(np.sort(similarity, axis=1)[:, -3:], nearest, rtol=1e-5)
    assert ((similarity > 0).sum(axis=1) <= 3).all()


@pytest.mark.parametrize("task", [DISCOVER, REPLENISH])
def test_neighbours_are_ranked_by_their_sum_over_what_the_user_bought(task: str) -> None:
    users = Asked.of(HISTORY, ITEMS, task)
    found = Neighbours("cosine", 60, values="counts").fit(HISTORY, ITEMS, USERS)(users, 5)
    assert found.tolist() == users.best(COUNTS @ cosine(COUNTS), 5, without_zeros=True).tolist()


def test_neighbours_are_learnt_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Neighbours().fit(HISTORY, ITEMS, USERS)


def test_another_seed_gives_other_lists_and_the_same_seed_the_same() -> None:
    users = Asked.of(HISTORY, ITEMS, DISCOVER)
    first, again, other = (Bpr(seed=seed).fit(HISTORY, ITEMS, USERS)(users, 8).tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_bpr_scores_no_item_that_nobody_bought() -> None:
    history = history_of([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]])
    items = plain_items([1] * 4)
    found = Bpr().fit(history, items, no_favourites(3))(Asked.of(history, items, DISCOVER), 4)
    assert found.tolist() == [[2, -1, -1, -1], [0, -1, -1, -1], [1, -1, -1, -1]]


def test_als_ranks_by_the_factors_that_the_day_trains() -> None:
    parameters = AlsParameters.from_config(load_config("als"))
    heavy = HISTORY.weights.copy()
    heavy.data[heavy.data < parameters.least_weight] = 0
    heavy.eliminate_zeros()
    rows, columns = (np.flatnonzero(np.asarray((heavy > 0).sum(axis=axis)).ravel()) for axis in (1, 0))
    weights = Weights(heavy[rows][:, columns], HISTORY.user_ids[rows], HISTORY.item_ids[columns])
    factors = fit_factors(weights, parameters, 1)
    scores = np.full(COUNTS.shape, np.nan)
    scores[np.ix_(rows, columns)] = factors.user_factors @ factors.item_factors.T
    users = Asked.of(HISTORY, ITEMS, DISCOVER)
    assert Als().fit(HISTORY, ITEMS, USERS)(users, 5).tolist() == users.best(scores, 5).tolist()


def test_als_gives_the_same_lists_for_any_number_of_threads() -> None:
    users = Asked.of(HISTORY, ITEMS, DISCOVER)
    one, two = (Als(threads=count).fit(HISTORY, ITEMS, USERS)(users, 5).tolist() for count in (1, 2))
    assert one == two


@pytest.mark.parametrize("seed", range(20))
def test_items_of_equal_factors_are_equal_however_blas_sums(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    history = history_of([[1] * 37] * 7)
    user_factors = random.random((7, 64)).astype(np.float32)
    item_factors = np.repeat(random.random((1, 64)), 37, axis=0).astype(np.float32)
    factors = Factors(user_factors, item_factors, history.user_ids, history.item_ids)
    monkeypatch.setattr(implicit_strategies, "fit_factors", lambda *given: factors)
    recommend = Als().fit(history, plain_items([1] * 37), no_favourites(7))
    found = recommend(Asked.of(history, plain_items([1] * 37), REPLENISH), 37)
    assert found.tolist() == [list(range(37))] * 7


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neighbours(formula="jaccard"), "formula; expected: bm25, cosine; got: 'jaccard'"),
        (lambda: Neighbours(neighbours=0), "neighbours; expected: a whole number, 1 or more; got: 0"),
        (lambda: Neighbours(k1=-1.0), "k1; expected: a finite number, 0 or more; got: -1.0"),
        (lambda: Neighbours(b=1.5), "b; expected: a finite number, 0 to 1; got: 1.5"),
        (lambda: Neighbours(values="clicks"), "values"),
        (lambda: Bpr(factors=0), "factors"),
        (lambda: Bpr(iterations=-1), "iterations"),
        (lambda: Bpr(seed=-1), "seed; expected: a whole number, 0 or more; got: -1"),
        (lambda: Bpr(learning_rate=-0.1), "learning_rate"),
        (lambda: Bpr(regularization=np.nan), "regularization"),
        (lambda: Als(threads=0), "threads"),
    ],
)
def test_a_parameter_out_of_range_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
