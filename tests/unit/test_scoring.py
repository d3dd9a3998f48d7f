import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from overture.core.regularization import Regularization
from overture.core.scoring import FactorScores, ItemScores, SumOfScores, best_of, values_at
from overture.core.strategies import DISCOVER, REPLENISH, Asked

USERS, ITEMS, K, REGULARIZATION = 9, 14, 4, 0.7
RANDOM = np.random.default_rng(5)
ALLOWED = np.array([0, 2, 3, 5, 7, 8, 12])
PLACES = np.array([0, 1, 8])
BOUGHT = csr_matrix(random_array((USERS, ITEMS), density=0.4, rng=RANDOM, dtype=np.float32))
BOUGHT.data += 1
BOUGHT.sort_indices()


def factor_scores(power: float = 0.0) -> FactorScores:
    """User factors solved from random item factors, one user and one item unknown."""
    items = RANDOM.normal(size=(ITEMS, K)).astype(np.float32)
    known = BOUGHT.toarray()
    known[3], known[:, 5] = 0, 0
    y = items.astype(np.float64) * (np.arange(ITEMS) != 5)[:, None]
    users = np.zeros((USERS, K))
    regularization = Regularization(REGULARIZATION, power)
    strengths = regularization.of(csr_matrix(known))
    for user, c in enumerate(known):
        normal = y.T @ (np.where(c > 0, c, 1)[:, None] * y) + strengths[user] * np.eye(K)
        users[user] = np.linalg.solve(normal, y.T @ c)
    users[3], items[5] = np.nan, np.nan
    return FactorScores(users.astype(np.float32), items, csr_matrix(known), regularization, ALLOWED)


def item_scores() -> ItemScores:
    learnt = np.array([1, 2, 3, 5, 9, 12])
    weights = RANDOM.normal(size=(6, 6)).astype(np.float32)
    return ItemScores(learnt, weights, csr_matrix(BOUGHT[:, learnt]), ALLOWED)


PARTS = (factor_scores(), item_scores())
SUM = SumOfScores(PARTS, RANDOM.random(ITEMS) + 0.5, RANDOM.random(ITEMS))
EVERYONE = np.arange(USERS)


@pytest.mark.parametrize(
    "learnt", [*PARTS, factor_scores(power=1.0), SUM], ids=["factors", "items", "scaled factors", "sum"]
)
def test_the_contributions_of_the_whole_history_and_what_is_given_sum_to_the_score(learnt: FactorScores) -> None:
    history = np.tile(np.append(np.arange(ITEMS), -1), (USERS, 1))
    targets = np.tile(ALLOWED, (USERS, 1))
    added = np.nansum(learnt.contributions(EVERYONE, history, targets)[:, :, :-1], axis=2)
    scores = learnt.scores(EVERYONE)
    is_told = np.isfinite(scores) & ((added > 0) | (learnt is not SUM))
    sums = added + learnt.given(targets)
    np.testing.assert_allclose(sums[is_told], scores[is_told], atol=1e-5)
    assert is_told.sum() > 20


def test_a_history_that_speaks_against_an_item_leaves_the_prior_and_the_unknown_has_no_score() -> None:
    factors, items = (part.scores(EVERYONE) for part in PARTS)
    assert np.isnan(factors[3]).all()
    assert np.isnan(factors[:, 3]).all()
    assert np.isnan(items[:, ALLOWED == 7]).all()
    learnt = np.nan_to_num(factors) + np.nan_to_num(items)
    expected = np.maximum(learnt, 0) * SUM.lift[ALLOWED] + SUM.prior[ALLOWED]
    expected[np.isnan(factors) & np.isnan(items)] = np.nan
    np.testing.assert_allclose(SUM.scores(EVERYONE), expected, rtol=1e-5)
    assert ((learnt < 0) & (expected > 0)).any()
    assert np.isnan(expected).any()


@pytest.mark.parametrize("task", [DISCOVER, REPLENISH])
def test_the_best_are_those_of_the_whole_scores_with_their_scores(task: str) -> None:
    is_allowed = np.isin(np.arange(ITEMS), ALLOWED)
    asked = Asked(PLACES, task, csr_matrix(BOUGHT[PLACES]), is_allowed)
    whole = np.full((len(PLACES), ITEMS), np.nan, np.float32)
    whole[:, ALLOWED] = SUM.scores(PLACES)
    items, scores = best_of(SUM, asked, 4)
    assert items.tolist() == asked.best(whole, 4).tolist()
    assert scores.tolist() == np.where(items >= 0, np.take_along_axis(whole, items, axis=1), 0).tolist()
    assert (items >= 0).any()


def test_parts_that_allow_other_items_cannot_be_summed() -> None:
    other = ItemScores(np.array([1]), np.ones((1, 1), np.float32), csr_matrix((USERS, 1)), ALLOWED[:3])
    with pytest.raises(ValueError, match="the same allowed items"):
        SumOfScores([PARTS[0], other], np.ones(ITEMS), np.zeros(ITEMS))


def test_the_value_of_a_pair_that_is_not_stored_is_0() -> None:
    assert values_at(csr_matrix((2, 3)), np.array([1]), np.array([[0, -1, 2]])).tolist() == [[0, 0, 0]]
