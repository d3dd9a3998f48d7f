"""A past day as it was known then: what was bought, who may be asked, and what is judged by."""

import numpy as np

from overture.core.baselines import OwnMostBought, Popular, PopularInDepartments
from overture.core.dated_events import DatedEvents
from overture.core.history import Items
from overture.core.strategies import DISCOVER, REPLENISH, TASKS, fit_strategy, recommend_all
from overture.core.validation_days import Shop, ValidationDay

USERS, ITEMS = np.array(["ana", "ben", "cem", "dan"]), np.array(["apple", "bread", "cheese", "dates"])
BUY, VIEW = 0, 1
# user, item, type, age of the event, age of its arrival
EVENTS = [
    (0, 0, BUY, 12, 12), (0, 0, BUY, 20, 20), (0, 1, BUY, 30, 30), (0, 2, VIEW, 11, 11),
    (0, 0, BUY, 8, 8), (0, 2, BUY, 5, 5),
    (1, 1, BUY, 15, 15), (1, 3, BUY, 14, 9), (1, 1, BUY, 3, 3),
    (2, 0, BUY, 11, 11), (2, 2, VIEW, 6, 6),
    (3, 2, BUY, 2, 2),
]  # fmt: skip


def shop(events: list[tuple[int, ...]] = EVENTS, readers: tuple[int, ...] = (0, 1, 2)) -> Shop:
    users, items, kinds, ages, known = np.array(events).T
    dated = DatedEvents.of(
        (USERS, ITEMS, np.array(["buy", "view"])), (users, items, kinds), (ages, known), np.ones(len(events))
    )
    is_allowed = np.array([True, True, True, True])
    departments = np.array([0, 1, 1, -1], np.int32)
    facts = Items(np.array(["fruit", "rest"]), departments, np.array([9.0, 9.0, 9.0, 9.0]), is_allowed)
    return Shop(dated, facts, np.array(readers), np.array([True, False]))


DAY = ValidationDay.of(shop(), days_before=10, horizon_days=7)


def test_what_was_bought_by_then_is_known_and_what_came_or_arrived_later_is_not() -> None:
    assert DAY.stage.history.counts.toarray().tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    # Ben's dates were bought before the day, but the shop learnt of it the day after: neither history nor judgement.
    assert DAY.bought_after.toarray().tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_only_readers_who_bought_anything_after_the_day_are_asked_for() -> None:
    assert DAY.asked_ids.tolist() == ["ana", "ben"]


def test_items_have_the_buyers_that_they_had_by_then() -> None:
    assert DAY.stage.items.buyers_28d.tolist() == [2, 2, 0, 0]


def test_a_users_favourite_department_is_the_one_of_most_purchases_by_then() -> None:
    assert DAY.stage.users.favourite_departments.ravel().tolist() == [0, 1, 0, -1]


def test_interactions_hold_views_too_and_nothing_later() -> None:
    pairs = set(zip(DAY.pairs.users.tolist(), DAY.pairs.items.tolist(), strict=True))
    assert pairs == {(0, 0), (0, 1), (0, 2), (1, 1), (2, 0)}
    # Halving in 10 days: ana's apple of 12 and of 20 days ago was 2 and 10 days old.
    weights = DAY.history(10.0, np.array([1.0, 0.2])).weights
    assert weights[0, 0] == 0.5**0.2 + 0.5**1.0
    assert weights[0, 2] == 0.2 * 0.5**0.1
    assert weights.nnz == len(pairs)
    assert DAY.history(10.0, np.array([1.0, 0.0])).weights.nnz == len(pairs) - 1


def test_events_after_the_last_day_that_judges_change_nothing() -> None:
    other = ValidationDay.of(shop([each for each in EVENTS if each[3] > 2]), days_before=10, horizon_days=7)
    assert other.asked_ids.tolist() == DAY.asked_ids.tolist()
    assert (other.bought_after != DAY.bought_after).nnz == 0
    assert (other.stage.history.counts != DAY.stage.history.counts).nnz == 0


def test_every_plain_strategy_can_be_fitted_to_the_day() -> None:
    stage = DAY.stage
    for strategy in (Popular(), PopularInDepartments(), OwnMostBought()):
        recommend = fit_strategy("any", strategy, stage.history, stage.items, stage.users)
        lists = {task: recommend_all("any", recommend, stage.asked_for(task), 2).items.tolist() for task in TASKS}
        assert lists[DISCOVER][1] in ([0, -1], [-1, -1])
        assert lists[REPLENISH][1] == [1, -1]
