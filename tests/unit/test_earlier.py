"""A history of an earlier day holds what had been bought by then, and nothing later."""

import dataclasses

import numpy as np
import pytest

from overture.core.earlier import bought_in, history_before, items_before
from overture.core.history import History, Pairs
from overture.core.purchases import Purchases
from strategy_shop import ids, plain_items

# User 0 bought item 1 today, 3 and 10 days ago, item 2 a week ago; user 1 bought item 1 8 days ago.
PURCHASES = Purchases.of(np.array([0, 0, 0, 0, 1]), np.array([1, 1, 1, 2, 1]), np.array([0, 10, 3, 7, 8]))
TODAY = History.of(
    ids("u", 2), ids("i", 3), Pairs(np.array([0, 0, 1]), np.array([1, 2, 1]), np.array([3, 1, 1]), np.ones(3),
                                    np.array([0, 7, 8]))
)  # fmt: skip


def test_purchases_are_kept_by_user_from_the_oldest_on() -> None:
    assert PURCHASES.users.tolist() == [0, 0, 0, 0, 1]
    assert PURCHASES.days_ago.tolist() == [10, 7, 3, 0, 8]
    assert PURCHASES.items.tolist() == [1, 2, 1, 1, 1]


def test_the_history_of_a_week_before_knows_nothing_of_the_week() -> None:
    earlier = history_before(TODAY, PURCHASES, 7, 7.0)
    assert earlier.counts.toarray().tolist() == [[0, 1, 1], [0, 1, 0]]
    assert earlier.last_days_ago.tolist() == [3, 0, 1]
    assert earlier.weights.toarray() == pytest.approx(np.array([[0, 0.5 ** (3 / 7), 1], [0, 0.5 ** (1 / 7), 0]]))
    assert earlier.purchases is not None
    assert earlier.purchases.days_ago.tolist() == [3, 0, 1]
    assert earlier.user_ids.tolist() == TODAY.user_ids.tolist()


def test_of_the_earlier_history_a_still_earlier_one_can_be_made() -> None:
    once = history_before(TODAY, PURCHASES, 7, 7.0)
    assert once.purchases is not None
    twice = history_before(once, once.purchases, 2, 7.0)
    assert twice.counts.toarray().tolist() == history_before(TODAY, PURCHASES, 9, 7.0).counts.toarray().tolist()


def test_what_followed_ends_with_the_horizon() -> None:
    assert bought_in(PURCHASES, 7, 4, (2, 3)).toarray().tolist() == [[0, 1, 0], [0, 0, 0]]
    assert bought_in(PURCHASES, 10, 7, (2, 3)).toarray().tolist() == [[0, 1, 1], [0, 1, 0]]


def test_buyers_are_counted_once_and_of_their_four_weeks() -> None:
    items = plain_items([9, 9, 9])
    assert items_before(items, PURCHASES, 1).buyers_28d.tolist() == [0, 2, 1]
    old = dataclasses.replace(PURCHASES, days_ago=PURCHASES.days_ago + 28)
    assert items_before(items, old, 1).buyers_28d.tolist() == [0, 1, 0]


@pytest.mark.parametrize(("days", "half_life"), [(0, 7.0), (7, 0.0)])
def test_no_days_and_no_half_life_are_refused(days: int, half_life: float) -> None:
    with pytest.raises(ValueError, match="days and half-life"):
        history_before(TODAY, PURCHASES, days, half_life)


def test_a_purchase_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match=r"days_ago; expected: 0 or more; got: -1"):
        Purchases.of(np.array([0]), np.array([0]), np.array([-1]))
