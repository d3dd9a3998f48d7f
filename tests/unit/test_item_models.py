import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import item_models
from overture.core.history import BOUGHT, VALUES, WEIGHTS
from overture.core.item_models import Ease, Rp3Beta, ease_weights, strongest_neighbours
from overture.core.strategies import DISCOVER, REPLENISH, Asked
from strategy_shop import history_of, no_favourites, plain_items, two_tastes

HISTORY, ITEMS, USERS = two_tastes()


@pytest.mark.parametrize("values", VALUES)
def test_ease_weighs_items_as_a_ridge_regression_of_each_item_on_all_others_does(values: str) -> None:
    dense = HISTORY.values(values).toarray()
    weights = ease_weights(HISTORY.values(values), 7.0)
    for item in range(dense.shape[1]):
        others = np.delete(dense, item, axis=1)
        direct = np.linalg.solve(others.T @ others + 7.0 * np.eye(others.shape[1]), others.T @ dense[:, item])
        np.testing.assert_allclose(np.delete(weights[:, item], item), direct, rtol=1e-5, atol=1e-7)
        assert weights[item, item] == 0
    assert weights.dtype == np.float32


def test_ease_ranks_by_the_weighted_sum_of_what_the_user_bought() -> None:
    scores = HISTORY.values(BOUGHT).toarray() @ ease_weights(HISTORY.values(BOUGHT), 7.0).astype(float)
    users = Asked.of(HISTORY, ITEMS, DISCOVER)
    found = Ease(regularization=7.0).fit(HISTORY, ITEMS, USERS)(users, 5)
    assert found[:41].tolist() == users.best(scores, 5)[:41].tolist()


def test_ease_knows_only_the_items_that_most_users_have() -> None:
    history = history_of([[1, 1, 0, 1], [0, 1, 5, 1], [0, 1, 0, 1], [9, 0, 0, 0]])
    items = plain_items([1] * 4)
    found = Ease(items=2).fit(history, items, no_favourites(4))(Asked.of(history, items, REPLENISH), 4)
    # Item 0 was bought most, but by two users; the last user bought nothing else.
    assert found.tolist() == [[1, 3, -1, -1], [1, 3, -1, -1], [1, 3, -1, -1], [-1, -1, -1, -1]]


def test_a_regularization_that_leaves_the_gram_matrix_singular_is_refused() -> None:
    with pytest.raises(ValueError, match="regularization; expected: enough to invert"):
        ease_weights(csr_matrix(np.full((3, 3), 1e8)), 1e-30)


@pytest.mark.parametrize("values", [BOUGHT, WEIGHTS])
def test_rp3beta_scores_walks_of_three_steps_by_the_formula(values: str) -> None:
    dense = HISTORY.values(values).toarray()
    with np.errstate(invalid="ignore"):
        to_items = np.nan_to_num(dense / dense.sum(axis=1, keepdims=True)) ** 0.8
        to_users = np.nan_to_num(dense.T / dense.T.sum(axis=1, keepdims=True)) ** 0.8
    scores = to_items @ to_users @ to_items / np.maximum((dense > 0).sum(axis=0), 1) ** 0.5
    strategy = Rp3Beta(alpha=0.8, beta=0.5, neighbours=60, values=values)
    for task in (DISCOVER, REPLENISH):
        users = Asked.of(HISTORY, ITEMS, task)
        expected = users.best(scores, 5, without_zeros=True)
        assert strategy.fit(HISTORY, ITEMS, USERS)(users, 5).tolist() == expected.tolist()


def test_beta_holds_back_what_every_walk_ends_in() -> None:
    history = history_of([[1, 1, 1], [1, 1, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0]])
    items = plain_items([1] * 3)
    users = Asked.of(history, items, DISCOVER).rows(np.array([4]))
    assert Rp3Beta(beta=0.0).fit(history, items, no_favourites(5))(users, 2).tolist() == [[1, 2]]
    assert Rp3Beta(beta=2.0).fit(history, items, no_favourites(5))(users, 2).tolist() == [[2, 1]]


@pytest.mark.parametrize("block_bytes", [1, 5000, item_models.BLOCK_BYTES])
def test_neighbours_are_the_greatest_of_the_whole_product_in_blocks_of_any_size(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_models, "BLOCK_BYTES", block_bytes)
    values = HISTORY.counts
    scale = np.arange(1, 61) / 8.0
    found = strongest_neighbours(values.T.tocsr(), values, scale, 4).toarray()
    whole = (values.T @ values).toarray() * scale
    for item, row in enumerate(whole):
        best = np.argsort(-row, kind="stable")[:4]
        expected = np.zeros(60)
        expected[best] = row[best]
        assert found[item].tolist() == expected.tolist()


@pytest.mark.parametrize("bad", [-1, 0, 1.5, True, "many"])
def test_a_number_of_items_or_neighbours_that_is_no_whole_number_above_0_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="items; expected: a whole number, 1 or more"):
        Ease(items=bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="neighbours; expected: a whole number, 1 or more"):
        Rp3Beta(neighbours=bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, True, "much"])
def test_a_parameter_that_is_negative_or_not_finite_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="regularization; expected: a finite number"):
        Ease(regularization=bad)  # type: ignore[arg-type]
    for name in ("alpha", "beta"):
        with pytest.raises(ValueError, match=f"{name}; expected: a finite number, 0 or more"):
            Rp3Beta(**{name: bad})  # type: ignore[arg-type]


def test_no_regularization_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="regularization"):
        Ease(regularization=0.0)


def test_values_that_are_not_known_are_refused() -> None:
    for kind in (Ease, Rp3Beta):
        with pytest.raises(ValueError, match="values; expected: bought, counts, weights; got: 'clicks'"):
            kind(values="clicks")
