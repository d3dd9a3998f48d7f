import numpy as np

from overture.core.baselines import OwnMostBought, Popular, PopularInDepartments
from overture.core.strategies import DISCOVER, REPLENISH, Asked, Items, Users
from strategy_shop import history_of, no_favourites, plain_items

HISTORY = history_of([[1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0]])
BUYERS = [9.0, 5.0, 7.0, 5.0, 0.0, 1.0]


def test_popular_items_come_in_order_of_buyers_without_those_that_nobody_bought() -> None:
    recommend = Popular().fit(HISTORY, plain_items(BUYERS), no_favourites(2))
    users = Asked.of(HISTORY, plain_items(BUYERS), DISCOVER)
    assert recommend(users, 5).tolist() == [[2, 1, 3, 5, -1], [0, 2, 1, 5, -1]]


def test_popular_items_of_all_favourite_departments_come_before_those_of_others() -> None:
    items = Items(np.array(["a", "b", "c"]), np.array([0, 1, 2, 1, 1, 2], np.int32), np.array(BUYERS), np.ones(6, bool))
    history = history_of([[0] * 6] * 4)
    users = Users(np.array([[1, -1], [2, 1], [-1, -1], [1, 1]], np.int32))
    recommend = PopularInDepartments().fit(history, items, users)
    expected = [[1, 3, 0, 2, 5, -1], [2, 1, 3, 5, 0, -1], [0, 2, 1, 3, 5, -1], [1, 3, 0, 2, 5, -1]]
    assert recommend(Asked.of(history, items, DISCOVER), 6).tolist() == expected


def test_an_item_in_no_department_is_nobodys_favourite() -> None:
    items = Items(np.array(["a"]), np.array([-1, 0, -1, -1, -1, -1], np.int32), np.array(BUYERS), np.ones(6, bool))
    history = history_of([[0] * 6] * 2)
    recommend = PopularInDepartments().fit(history, items, Users(np.array([[0], [-1]], np.int32)))
    assert recommend(Asked.of(history, items, DISCOVER), 3).tolist() == [[1, 0, 2], [0, 2, 1]]


def test_habits_come_in_order_of_count_then_of_the_last_purchase_then_of_position() -> None:
    history = history_of([[2, 3, 2, 2, 0, 1], [1, 0, 0, 0, 0, 0]], [[9, 300, 9, 2, 0, 0], [5, 0, 0, 0, 0, 0]])
    items = plain_items(BUYERS)
    recommend = OwnMostBought().fit(history, items, no_favourites(2))
    assert recommend(Asked.of(history, items, REPLENISH), 5).tolist() == [[1, 3, 0, 2, 5], [0, -1, -1, -1, -1]]


def test_habits_have_nothing_to_discover() -> None:
    recommend = OwnMostBought().fit(HISTORY, plain_items(BUYERS), no_favourites(2))
    assert recommend(Asked.of(HISTORY, plain_items(BUYERS), DISCOVER), 2).tolist() == [[-1, -1]] * 2
