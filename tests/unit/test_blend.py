"""The blend learns from earlier weeks what is bought next, sees nothing later, and falls back where it cannot learn."""

import dataclasses

import numpy as np
import pytest

from overture.adapters.blend import Blend
from overture.adapters.implicit_strategies import Together
from overture.core.backtest import relevant_to
from overture.core.earlier import bought_in, history_before, items_before
from overture.core.habits import Habits
from overture.core.metrics import judge_users
from overture.core.offers import Offers
from overture.core.purchases import Purchases
from overture.core.strategies import (
    DISCOVER,
    REPLENISH,
    TASKS,
    Asked,
    History,
    Items,
    Strategy,
    Users,
    fit_strategy,
    recommend_all,
)
from strategy_shop import no_favourites, plain_items
from weekly_shop import ITEMS, USERS, history_of_purchases, weekly_shop

SHOP = weekly_shop()
HISTORY, SHELF, READERS = SHOP
SMALL = Blend(least_rows=20, rounds=20, learning_rate=0.2, shrinkage=1.0, least_bought=20)

Shop = tuple[History, Items, Users]


def lists(strategy: Strategy, task: str, shop: Shop = SHOP, k: int = 5) -> np.ndarray:
    history, items, users = shop
    recommend = fit_strategy("blend", strategy, history, items, users)
    return recommend_all("blend", recommend, Asked.of(history, items, task), k).items


def a_week_before() -> tuple[History, Items, np.ndarray]:
    """The shop a week ago, and what was bought since."""
    assert HISTORY.purchases is not None
    earlier = history_before(HISTORY, HISTORY.purchases, 7, 42.0)
    after = bought_in(HISTORY.purchases, 7, 7, HISTORY.counts.shape)
    return earlier, items_before(SHELF, HISTORY.purchases, 7), after


@pytest.mark.parametrize(("task", "single"), [(DISCOVER, Together()), (REPLENISH, Habits())])
def test_what_is_learnt_of_earlier_weeks_foresees_the_next_better_than_a_single_source(
    task: str, single: Strategy
) -> None:
    earlier, shelf, after = a_week_before()
    relevant = relevant_to(Asked.of(earlier, shelf, task), after)
    ndcg = [
        judge_users(lists(strategy, task, (earlier, shelf, READERS)), relevant).values["ndcg"].mean()
        for strategy in (SMALL, single)
    ]
    assert ndcg[0] > ndcg[1] * 1.1


@pytest.mark.parametrize("task", TASKS)
def test_neither_a_second_fit_nor_a_second_thread_changes_a_list(task: str) -> None:
    first = lists(SMALL, task)
    assert lists(dataclasses.replace(SMALL, threads=2), task).tolist() == first.tolist()


@pytest.mark.parametrize("task", TASKS)
def test_lists_do_not_depend_on_who_else_is_asked_or_how_long_they_are(task: str) -> None:
    recommend = SMALL.fit(HISTORY, SHELF, READERS)
    asked = Asked.of(HISTORY, SHELF, task)
    long = recommend(asked, ITEMS + 9)
    assert long[:, :5].tolist() == recommend(asked, 5).tolist()
    assert recommend(asked.rows(np.array([17])), 5).tolist() == long[17:18, :5].tolist()


def test_a_list_longer_than_the_candidates_holds_every_item_that_was_bought() -> None:
    expected = ((HISTORY.counts.toarray() > 0) & SHELF.is_allowed).sum(axis=1)
    assert ((lists(SMALL, REPLENISH, k=ITEMS) >= 0).sum(axis=1) == expected).all()


@pytest.mark.parametrize(("task", "single"), [(DISCOVER, Together()), (REPLENISH, Habits())])
@pytest.mark.parametrize("case", ["no single purchases", "too few of them"])
def test_without_enough_to_learn_from_the_lists_are_those_of_the_single_source(
    task: str, single: Strategy, case: str
) -> None:
    history, blend = HISTORY, dataclasses.replace(SMALL, least_bought=10**6)
    if case == "no single purchases":
        history, blend = dataclasses.replace(HISTORY, purchases=None), SMALL
    assert (
        lists(blend, task, (history, SHELF, READERS)).tolist()
        == lists(single, task, (history, SHELF, READERS)).tolist()
    )


@pytest.mark.parametrize("task", TASKS)
def test_weeks_in_which_nobody_bought_teach_nothing(task: str) -> None:
    assert HISTORY.purchases is not None
    old = dataclasses.replace(HISTORY.purchases, days_ago=HISTORY.purchases.days_ago + 60)
    history = history_of_purchases(old, USERS, ITEMS)
    single: Strategy = Together() if task == DISCOVER else Habits()
    assert (
        lists(SMALL, task, (history, SHELF, READERS)).tolist()
        == lists(single, task, (history, SHELF, READERS)).tolist()
    )


@pytest.mark.parametrize("task", TASKS)
def test_no_prices_no_categories_and_no_offers_are_no_error(task: str) -> None:
    assert (lists(SMALL, task, weekly_shop(with_prices=False))[:, 0] >= 0).all()


@pytest.mark.parametrize("task", TASKS)
def test_categories_and_offers_are_learnt_from_where_they_are_given(task: str) -> None:
    offers = Offers(np.arange(0, ITEMS, 2), np.full(ITEMS // 2, 30), np.full(ITEMS // 2, -30))
    shelf = dataclasses.replace(SHELF, categories=(np.arange(ITEMS) % 9).astype(np.int32), offers=offers)
    assert (lists(SMALL, task, (HISTORY, shelf, READERS))[:, 0] >= 0).all()


def test_an_empty_history_of_purchases_gives_empty_lists() -> None:
    nothing = Purchases.of(*[np.zeros(0, np.int64)] * 3)
    history = history_of_purchases(nothing, 3, 4)
    for task in TASKS:
        assert (lists(SMALL, task, (history, plain_items([1] * 4), no_favourites(3))) < 0).all()


@pytest.mark.parametrize(("users", "items"), [(1, 3), (3, 1), (1, 1)])
def test_one_user_or_one_item_is_too_little_to_learn_and_enough_to_recommend(users: int, items: int) -> None:
    pairs = [(user, item, ago) for user in range(users) for item in range(items) for ago in (0, 8, 15, 22)]
    history = history_of_purchases(Purchases.of(*np.array(pairs).T), users, items)
    found = lists(SMALL, REPLENISH, (history, plain_items([users] * items), no_favourites(users)))
    assert (np.sort(found, axis=1)[:, -items:] == np.arange(items)).all()


def test_where_all_is_alike_the_first_items_come_first() -> None:
    pairs = [(user, item, ago) for user in range(20) for item in range(6) for ago in (1, 8, 15, 22, 29)]
    history = history_of_purchases(Purchases.of(*np.array(pairs).T), 20, 6)
    found = lists(SMALL, REPLENISH, (history, plain_items([20] * 6), no_favourites(20)), k=3)
    assert found.tolist() == [[0, 1, 2]] * 20


def test_a_user_without_purchases_is_given_what_is_newly_bought() -> None:
    assert HISTORY.purchases is not None
    history = history_of_purchases(HISTORY.purchases, USERS + 1, ITEMS)
    found = lists(SMALL, DISCOVER, (history, SHELF, no_favourites(USERS + 1)))
    assert (found[USERS] >= 0).all()


@pytest.mark.parametrize("task", TASKS)
def test_what_was_bought_after_an_earlier_day_changes_no_list_of_it(task: str) -> None:
    earlier, shelf, _ = a_week_before()
    assert HISTORY.purchases is not None
    without_the_week = HISTORY.purchases.within(10**6, 7)
    again = history_before(HISTORY, without_the_week, 7, 42.0)
    assert (
        lists(SMALL, task, (again, shelf, READERS)).tolist() == lists(SMALL, task, (earlier, shelf, READERS)).tolist()
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("weeks_new", 0), ("depth", 0), ("learners", 0), ("least_bought", 0), ("leaves", 1), ("share", 0.0),
     ("mix", -0.1),
     ("learning_rate", -1.0), ("threads", 0)],
)  # fmt: skip
def test_a_parameter_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Blend(**{name: value})  # type: ignore[arg-type]
