from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import strategies
from overture.core.strategies import DISCOVER, REPLENISH, Asked, Users, fit_strategy, no_lists, recommend_all
from overture.errors import StrategyError
from strategy_shop import history_of, no_favourites, plain_items

HISTORY = history_of([[1, 0, 0, 2, 0, 0], [0, 3, 0, 0, 1, 1]])
ITEMS = plain_items([1, 2, 3, 4, 5, 6])
SCORES = np.array([[9.0, 1.0, 5.0, 8.0, 5.0, 7.0]] * 2)


def asked(task: str, **changed: object) -> Asked:
    return replace(Asked.of(HISTORY, ITEMS, task), **changed)  # type: ignore[arg-type]


def not_allowed(*items: int) -> np.ndarray:
    return ~np.isin(np.arange(6), items)


def test_to_discover_are_the_best_items_that_were_not_bought() -> None:
    assert asked(DISCOVER).best(SCORES, 3).tolist() == [[5, 2, 4], [0, 3, 2]]


def test_to_replenish_are_the_best_items_that_were_bought_and_a_list_may_be_short() -> None:
    assert asked(REPLENISH).best(SCORES, 3).tolist() == [[0, 3, -1], [5, 4, 1]]


@pytest.mark.parametrize(("task", "first"), [(DISCOVER, [2, 4]), (REPLENISH, [3, -1])])
def test_items_that_are_not_allowed_are_left_out(task: str, first: list[int]) -> None:
    assert asked(task, is_allowed=not_allowed(0, 5)).best(SCORES, 2)[0].tolist() == first


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_no_score(bad: float) -> None:
    scores = SCORES.copy()
    scores[:, [0, 5]] = bad
    assert asked(DISCOVER).best(scores, 2).tolist() == [[2, 4], [3, 2]]
    assert asked(REPLENISH).best(scores, 2).tolist() == [[3, -1], [4, 1]]


def test_scores_of_nothing_are_left_out_where_this_is_asked_for() -> None:
    scores = np.array([[0.0, 2.0, 0.0, 1.0, -1.0, 0.0]] * 2)
    assert asked(DISCOVER).best(scores, 4)[0].tolist() == [1, 2, 5, 4]
    assert asked(DISCOVER).best(scores, 4, without_zeros=True)[0].tolist() == [1, 4, -1, -1]
    assert asked(REPLENISH).best(scores, 3)[0].tolist() == [3, 0, -1]
    assert asked(REPLENISH).best(scores, 3, without_zeros=True)[0].tolist() == [3, -1, -1]


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.float16, np.float32, np.float64])
def test_scores_of_any_kind_of_number_are_ranked_and_left_as_they_are(kind: type) -> None:
    scores = SCORES.astype(kind)
    before = scores.copy()
    assert asked(DISCOVER).best(scores, 3).tolist() == [[5, 2, 4], [0, 3, 2]]
    assert (scores == before).all()


def test_scores_that_differ_only_beyond_single_precision_are_told_apart() -> None:
    scores = np.zeros((2, 6))
    scores[:, 4] = 1.0
    scores[:, 5] = 1.0 + 1e-12
    assert asked(DISCOVER).best(scores, 2)[0].tolist() == [5, 4]


def test_many_scores_are_ranked_as_by_sorting_all_of_them() -> None:
    random = np.random.default_rng(4)
    bought = csr_matrix(random.random((20, 900)) < 0.3)
    scores = random.integers(0, 50, (20, 900)).astype(float)
    is_allowed = random.random(900) < 0.8
    for task, other in ((DISCOVER, bought.toarray()), (REPLENISH, ~bought.toarray())):
        expected = np.where(other | ~is_allowed, -np.inf, scores)
        found = Asked(np.arange(20), task, bought, is_allowed).best(scores, 12)
        assert found.tolist() == np.argsort(-expected, axis=1, kind="stable")[:, :12].tolist()


def test_scores_of_bought_items_need_no_dense_block_and_those_of_others_are_passed_over() -> None:
    values = csr_matrix([[1.0, 9.0, 0, 1.0, 0, 0], [0, 2.0, 9.0, 0, np.nan, 3.0]])
    assert asked(REPLENISH).best_of_bought(values, 3).tolist() == [[0, 3, -1], [5, 1, -1]]
    assert asked(DISCOVER).best_of_bought(values, 3).tolist() == [[-1] * 3] * 2


@pytest.mark.parametrize("task", [DISCOVER, REPLENISH])
def test_scores_for_other_users_or_items_are_refused(task: str) -> None:
    with pytest.raises(ValueError, match=r"expected: one for each user and item, \(2, 6\); got: \(2, 5\)"):
        asked(task).best(SCORES[:, :5], 3)
    with pytest.raises(ValueError, match=r"\(2, 6\); got: \(1, 6\)"):
        asked(task).best_of_bought(csr_matrix((1, 6)), 3)


def test_users_that_the_history_does_not_know_are_refused_and_named() -> None:
    with pytest.raises(ValueError, match="got: 2 others, the first u9"):
        Asked.of(HISTORY, ITEMS, DISCOVER, np.array(["u0001", "u9", "zoe"]))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"positions": np.array([0, -1])}, "positions; expected: 0 or more; got: -1"),
        ({"positions": np.array([0])}, "bought; expected: one row for each user"),
    ],
)
def test_users_are_asked_for_as_agreed(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked(DISCOVER, **changed)


def test_a_task_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="task; expected: discover or replenish; got: 'browse'"):
        asked("browse")


def answered(items: object) -> Callable[[Asked, int], np.ndarray]:
    return lambda users, k: items  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([[1, 2], [2, 3]], "returned no array.*got: list"),
        (np.array([[1.0, 2.0], [2.0, 3.0]]), "of another form.*got: float64"),
        (np.array([[1, 2]]), r"of another form.*shape \(2, 2\).*shape \(1, 2\)"),
        (np.array([[1, 2], [2, 6]]), "unknown items.*expected: -1 to 5; got: 1 others, as 6"),
        (np.array([[1, 2], [2, -2]]), "unknown items.*as -2"),
        (np.array([[1, 2], [-1, 2]]), "gaps"),
        (np.array([[1, 2], [2, 2]]), "twice.*got: 1 repeated"),
        (np.array([[1, 2], [5, 2]]), "other task.*expected: no item bought before; got: 1 others"),
        (np.array([[1, 4], [2, 0]]), "not allowed.*got: 1 others"),
    ],
)
def test_lists_that_cannot_be_are_refused_and_the_strategy_is_named(items: object, message: str) -> None:
    users = asked(DISCOVER, is_allowed=not_allowed(4))
    with pytest.raises(StrategyError, match=message) as caught:
        recommend_all("mine", answered(items), users, 2)
    assert "where: strategy mine, discover" in str(caught.value)


def test_items_never_bought_are_refused_where_the_task_is_to_replenish() -> None:
    with pytest.raises(StrategyError, match="only items bought before; got: 2 others"):
        recommend_all("mine", answered(np.array([[0, 1], [1, 2]])), asked(REPLENISH), 2)


def test_lists_that_are_too_short_are_counted() -> None:
    found = recommend_all("mine", answered(np.array([[1, -1], [-1, -1]], np.int32)), asked(DISCOVER), 2)
    assert found.items.tolist() == [[1, -1], [-1, -1]]
    assert (found.short_lists, found.empty_lists) == (2, 1)


def test_lists_of_another_length_than_asked_for_are_refused() -> None:
    with pytest.raises(StrategyError, match=r"shape \(2, 3\); got: int64 of shape \(2, 1\)"):
        recommend_all("mine", answered(np.array([[1], [2]])), asked(DISCOVER), 3)


def test_a_list_of_no_items_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="k; expected: 1 or more; got: 0"):
        recommend_all("mine", no_lists, asked(DISCOVER), 0)


def test_users_come_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def recommend(users: Asked, k: int) -> np.ndarray:
        sizes.append(len(users))
        return users.best(np.tile(np.arange(6.0), (len(users), 1)), k)

    history = history_of([[1, 0, 0, 0, 0, 0]] * 5)
    users = Asked.of(history, ITEMS, DISCOVER)
    whole = recommend_all("mine", recommend, users, 2)
    monkeypatch.setattr(strategies, "BLOCK_BYTES", 2 * 6 * 4)
    assert recommend_all("mine", recommend, users, 2).items.tolist() == whole.items.tolist()
    assert sizes == [5, 2, 2, 1]


class Failing:
    def fit(self, *facts: object) -> Callable[[Asked, int], np.ndarray]:
        raise KeyError("taste")


class Mute:
    def fit(self, *facts: object) -> None:
        return None


def test_a_strategy_that_raises_is_named_with_what_it_said() -> None:
    def recommend(users: Asked, k: int) -> np.ndarray:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(StrategyError, match="strategy mine, fit; got: KeyError: 'taste'"):
        fit_strategy("mine", Failing(), HISTORY, ITEMS, no_favourites(2))
    with pytest.raises(StrategyError, match="strategy mine, recommend; got: ZeroDivisionError: division"):
        recommend_all("mine", recommend, asked(DISCOVER), 2)


def test_a_strategy_whose_fit_returns_nothing_to_call_is_named() -> None:
    with pytest.raises(StrategyError, match="cannot recommend; where: strategy mine; expected: a function; got: None"):
        fit_strategy("mine", Mute(), HISTORY, ITEMS, no_favourites(2))  # type: ignore[arg-type]


def test_items_and_users_of_another_history_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(6, 2\); got: \(6, 3\)"):
        fit_strategy("mine", Failing(), HISTORY, ITEMS, no_favourites(3))
    with pytest.raises(ValueError, match="favourite_departments"):
        fit_strategy("mine", Failing(), HISTORY, ITEMS, Users(np.array([[0], [-1]], np.int32)))
