import numpy as np
import pytest

from overture.core.habits import Habits
from overture.core.history import History, Pairs
from overture.core.strategies import DISCOVER, REPLENISH, Asked
from strategy_shop import ids, no_favourites, plain_items


def lists(pairs: list[tuple[int, int, int, float]], habits: Habits, task: str = REPLENISH) -> list[list[int]]:
    """Lists of two for three users and four items; a pair is user, item, how often, decayed weight."""
    users, items, counts, weights = (np.array(column) for column in zip(*pairs, strict=True))
    history = History.of(ids("u", 3), ids("i", 4), Pairs(users, items, counts, weights, np.ones(len(pairs), int)))
    recommend = habits.fit(history, plain_items([1.0] * 4), no_favourites(3))
    return recommend(Asked.of(history, plain_items([1.0] * 4), task), 2).tolist()


def test_what_was_bought_often_and_lately_comes_first() -> None:
    plain = Habits(floor=1.0, prior_share=0.0, prior_buyers=1e9)
    assert lists([(0, 0, 4, 1.0), (0, 1, 1, 3.0), (0, 2, 1, 5.0)], plain)[0] == [2, 0]


def test_of_two_alike_the_one_that_others_buy_again_comes_first() -> None:
    others = [(1, 1, 2, 1.0), (2, 1, 3, 1.0), (1, 0, 1, 1.0), (2, 0, 1, 1.0)]
    assert lists([(0, 0, 1, 1.0), (0, 1, 1, 1.0), *others], Habits())[0] == [1, 0]


def test_of_few_buyers_little_is_believed() -> None:
    # Both were bought once; item 1 again by its only other buyer.
    pairs = [(0, 0, 1, 1.1), (0, 1, 1, 1.0), (1, 1, 2, 1.0)]
    assert lists(pairs, Habits(prior_buyers=0.0))[0] == [1, 0]
    assert lists(pairs, Habits(prior_buyers=1000.0))[0] == [0, 1]


def test_what_weighs_nothing_any_more_is_still_a_habit_and_comes_last() -> None:
    assert lists([(0, 3, 5, 0.0), (0, 1, 1, 0.1)], Habits())[0] == [1, 3]


def test_there_is_nothing_to_discover() -> None:
    assert lists([(0, 0, 4, 1.0)], Habits(), DISCOVER)[0] == [-1, -1]


@pytest.mark.parametrize("name", ["floor", "prior_share", "prior_buyers"])
def test_a_negative_parameter_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Habits(**{name: -0.1})
