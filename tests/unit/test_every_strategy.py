import numpy as np
import pytest

from overture.adapters.strategy_registry import load_strategies
from overture.core import strategies
from overture.core.strategies import (
    DISCOVER,
    REPLENISH,
    TASKS,
    Asked,
    History,
    Items,
    Pairs,
    Recommend,
    Users,
    fit_strategy,
    recommend_all,
)
from strategy_shop import (
    ITEMS,
    NO_PURCHASE,
    ONE_PURCHASE,
    USERS,
    history_of,
    ids,
    no_favourites,
    plain_items,
    two_tastes,
)

NAMES = list(load_strategies())
KNOWS_NO_USER = {"popular", "popular_in_departments"}
ONLY_HABITS = {"own_most_bought", "habits"}
CAN_DISCOVER = [name for name in NAMES if name not in ONLY_HABITS]
LEARNT = ["als", "bpr", "bm25", "cosine", "ease", "rp3beta", "als_with_ease", "blend"]

HISTORY, ITEM_FACTS, USER_FACTS = two_tastes()


def fitted(name: str, history: History = HISTORY, items: Items = ITEM_FACTS, users: Users = USER_FACTS) -> Recommend:
    return fit_strategy(name, load_strategies([name])[name], history, items, users)


def lists(name: str, task: str, k: int = 5) -> np.ndarray:
    return recommend_all(name, fitted(name), Asked.of(HISTORY, ITEM_FACTS, task), k).items


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_lists_are_int64_of_users_by_k(name: str, task: str) -> None:
    found = fitted(name)(Asked.of(HISTORY, ITEM_FACTS, task), 5)
    assert (found.dtype, found.shape) == (np.int64, (USERS, 5))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_the_same_history_gives_the_same_lists(name: str, task: str) -> None:
    assert lists(name, task).tolist() == lists(name, task).tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_lists_hold_allowed_items_of_the_task_once_each(name: str, task: str) -> None:
    found = lists(name, task)
    rows, places = np.nonzero(found >= 0)
    items = found[rows, places]
    was_bought = HISTORY.counts.toarray()[rows, items] > 0
    assert len(items) or (name in ONLY_HABITS and task == DISCOVER)
    assert (was_bought == (task == REPLENISH)).all()
    assert ITEM_FACTS.is_allowed[items].all()
    assert len(set(zip(rows.tolist(), items.tolist(), strict=True))) == len(items)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_users_get_the_same_lists_one_at_a_time(name: str, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = lists(name, task)
    monkeypatch.setattr(strategies, "BLOCK_BYTES", 1)
    assert lists(name, task).tolist() == at_once.tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_users_get_the_same_lists_asked_for_in_another_order(name: str, task: str) -> None:
    chosen = np.array([30, 3, 17])
    asked = Asked.of(HISTORY, ITEM_FACTS, task, HISTORY.user_ids[chosen])
    assert fitted(name)(asked, 5).tolist() == lists(name, task)[chosen].tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_a_longer_list_begins_with_the_shorter_one(name: str, task: str) -> None:
    assert lists(name, task, k=ITEMS + 9)[:, :5].tolist() == lists(name, task).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_user_with_one_purchase_has_a_list_of_it_and_nothing_more(name: str) -> None:
    assert lists(name, REPLENISH)[ONE_PURCHASE].tolist() == [2, -1, -1, -1, -1]


@pytest.mark.parametrize("name", CAN_DISCOVER)
def test_a_user_without_purchases_gets_what_is_popular_or_an_empty_list(name: str) -> None:
    found = recommend_all(name, fitted(name), Asked.of(HISTORY, ITEM_FACTS, DISCOVER), 5)
    assert (found.items[NO_PURCHASE] >= 0).all() == (name in KNOWS_NO_USER)
    assert (found.items[NO_PURCHASE] < 0).all() == (name not in KNOWS_NO_USER)
    assert (found.short_lists, found.empty_lists) == ((0, 0) if name in KNOWS_NO_USER else (1, 1))


@pytest.mark.parametrize("name", LEARNT)
def test_what_is_learnt_finds_new_items_of_the_users_taste(name: str) -> None:
    found = lists(name, DISCOVER)[:ONE_PURCHASE]
    is_own_taste = found % 2 == np.arange(ONE_PURCHASE)[:, None] % 2
    assert is_own_taste[found >= 0].mean() > 0.85


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_every_list_is_empty_where_no_item_is_allowed(name: str, task: str) -> None:
    nothing = Items(
        ITEM_FACTS.department_names, ITEM_FACTS.departments, ITEM_FACTS.buyers_28d, np.zeros(ITEMS, np.bool_)
    )
    found = recommend_all(name, fitted(name, items=nothing), Asked.of(HISTORY, nothing, task), 5)
    assert (found.short_lists, found.empty_lists) == (USERS, USERS)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_history_gives_what_is_popular_or_empty_lists_that_are_counted(name: str) -> None:
    empty = history_of([[0] * 4] * 3)
    items = plain_items([3, 2, 1, 1])
    recommend = fitted(name, empty, items, no_favourites(3))
    found = recommend_all(name, recommend, Asked.of(empty, items, DISCOVER), 2)
    assert found.empty_lists == (0 if name in KNOWS_NO_USER else 3)
    assert recommend_all(name, recommend, Asked.of(empty, items, REPLENISH), 2).empty_lists == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_a_shop_without_users_or_items_gives_no_lists_or_empty_ones(name: str, task: str) -> None:
    for users, count in ((0, 3), (2, 0)):
        no_pairs = Pairs(*[np.zeros(0, np.int64)] * 5)
        history = History.of(ids("u", users), ids("i", count), no_pairs)
        items = plain_items([1.0] * count)
        recommend = fitted(name, history, items, no_favourites(users))
        found = recommend_all(name, recommend, Asked.of(history, items, task), 2)
        assert found.items.shape == (users, 2)
        assert (found.items < 0).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bm25"])
def test_one_user_alone_is_given_back_what_was_bought(name: str) -> None:
    # Of bm25's idf, log(3) - log(1 + 2), rounding alone is left here.
    history = history_of([[1, 1, 0]])
    items = plain_items([2, 1, 1])
    recommend = fitted(name, history, items, no_favourites(1))
    found = recommend_all(name, recommend, Asked.of(history, items, REPLENISH), 3)
    assert sorted(found.items[0].tolist()) == [-1, 0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_of_one_item_alone_those_who_bought_it_get_it_again(name: str) -> None:
    history = history_of([[3], [3]])
    recommend = fitted(name, history, plain_items([2]), no_favourites(2))
    found = recommend_all(name, recommend, Asked.of(history, plain_items([2]), REPLENISH), 1)
    assert found.items.tolist() == [[0], [0]]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("als", "bpr", "als_with_ease")])
def test_where_all_is_alike_the_first_items_come_first(name: str) -> None:
    # These start from random factors, so nothing is quite alike to them.
    history = history_of([[1] * 6] * 4)
    items = plain_items([4] * 6)
    recommend = fitted(name, history, items, no_favourites(4))
    found = recommend_all(name, recommend, Asked.of(history, items, REPLENISH), 3)
    assert found.items.tolist() == [[0, 1, 2]] * 4
