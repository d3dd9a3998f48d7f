"""Rhythm, demand, nearness and prices are read off single purchases; each number is worked out by hand here."""

import numpy as np
import pytest

from overture.core.affinity import Affinity
from overture.core.demand import Demand
from overture.core.offers import Offers
from overture.core.paid import Paid
from overture.core.purchases import Purchases
from overture.core.rhythm import Rhythm, Visits

# User 0 buys item 1 20, 10 and 3 days ago and item 0 3 days ago; user 1 buys item 1 40 days ago; user 2 nothing.
PURCHASES = Purchases.of(
    np.array([0, 0, 0, 0, 1]),
    np.array([1, 1, 1, 0, 1]),
    np.array([20, 10, 3, 3, 40]),
    np.array([4.0, 2.0, 3.0, np.nan, 5.0]),
)
VISITS = Visits.of(PURCHASES, 3)
RHYTHM = Rhythm.of(PURCHASES, VISITS, 3)
NOTHING = Purchases.of(*[np.zeros(0, np.int64)] * 3)


def test_a_visit_is_a_day_however_much_was_bought() -> None:
    assert VISITS.total.tolist() == [3, 1, 0]
    assert VISITS.in_28d.tolist() == [3, 0, 0]
    assert VISITS.days_since.tolist() == [3, 40, -1]


def test_later_visits_are_those_after_the_day() -> None:
    users, days = np.array([0, 0, 0, 1, 2]), np.array([20, 11, 3, 41, 5])
    assert VISITS.later_than(users, days).tolist() == [2, 2, 0, 1, 0]


def test_each_user_and_item_has_one_rhythm() -> None:
    assert (RHYTHM.users.tolist(), RHYTHM.items.tolist()) == ([0, 0, 1], [0, 1, 1])
    assert RHYTHM.counts.tolist() == [1, 3, 1]
    assert (RHYTHM.first.tolist(), RHYTHM.last.tolist()) == ([3, 20, 40], [3, 3, 40])
    assert (RHYTHM.gap_days.tolist(), RHYTHM.last_gap.tolist()) == ([0, 17, 0], [0, 7, 0])
    assert RHYTHM.visits_since_first.tolist() == [0, 2, 0]
    assert RHYTHM.within.tolist() == [[1, 1, 1, 1], [2, 3, 3, 3], [0, 0, 1, 1]]
    assert RHYTHM.decayed[0].tolist() == pytest.approx([0.5 ** (3 / 14), 0.5 ** (3 / 42), 0.5 ** (3 / 120)])


def test_a_pair_that_was_never_bought_has_no_rhythm() -> None:
    assert RHYTHM.entries_of(np.array([0, 1, 2]), np.array([1, 0, 2]), 3).tolist() == [1, -1, -1]


def test_demand_tells_new_buyers_from_old_ones() -> None:
    demand = Demand.of(PURCHASES, RHYTHM, 3)
    assert demand.sold_7d.tolist() == [1, 1, 0]
    assert demand.sold_28d.tolist() == [1, 3, 0]
    assert demand.sold_28d_before.tolist() == [0, 1, 0]
    assert demand.new_14d.tolist() == [1, 0, 0]
    assert demand.new_28d.tolist() == [1, 1, 0]
    assert demand.repeat_share.tolist() == pytest.approx([2 / 11, 3 / 12, 2 / 10])
    assert demand.gap_days.tolist() == pytest.approx([40, 137 / 5, 40])
    assert demand.known_days.tolist() == [3, 40, 0]


def test_nearness_is_of_the_group_and_not_of_the_item() -> None:
    affinity = Affinity.of(PURCHASES, VISITS, np.array([0, 0, -1], np.int32))
    counts, lately, last, due, lift = affinity.features(np.array([0, 1, 0]), np.array([1, 0, 2]))
    assert (counts.tolist(), lately.tolist()) == ([4, 1, 0], [4, 0, 0])
    assert last.tolist()[:2] == [3, 40]
    assert np.isnan([last[2], due[2]]).all()
    assert due[0] == pytest.approx(3 / (17 / 3))
    assert lift[:2].tolist() == pytest.approx([1, 1])


def test_prices_are_means_of_what_was_paid() -> None:
    paid = Paid.of(PURCHASES, RHYTHM, 3, 3)
    assert np.array_equal(paid.lately, [np.nan, 3, np.nan], equal_nan=True)
    assert np.array_equal(paid.usually, [np.nan, 3.5, np.nan], equal_nan=True)
    assert np.array_equal(paid.own, [np.nan, 3, 5], equal_nan=True)
    assert np.array_equal(paid.by_user, [3, 5, np.nan], equal_nan=True)


def test_of_no_purchases_there_is_no_rhythm_and_no_price() -> None:
    visits = Visits.of(NOTHING, 2)
    rhythm = Rhythm.of(NOTHING, visits, 2)
    assert len(rhythm.keys) == 0
    assert visits.days_since.tolist() == [-1, -1]
    assert Demand.of(NOTHING, rhythm, 2).buyers.tolist() == [0, 0]
    assert np.isnan(Paid.of(NOTHING, rhythm, 2, 2).lately).all()
    assert Affinity.of(NOTHING, visits, np.array([0, -1], np.int32)).features(np.array([0]), np.array([1]))[0] == [0]


def test_prices_stay_with_their_purchases() -> None:
    assert PURCHASES.within(20, 10).unit_prices.tolist() == [4, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize("prices", [np.array([-1.0]), np.array([1.0, 2.0])])
def test_prices_below_nothing_or_of_other_purchases_are_refused(prices: np.ndarray) -> None:
    with pytest.raises(ValueError, match="unit_prices"):
        Purchases(*[np.zeros(1, np.int32)] * 3, prices)


def test_an_offer_is_valid_from_its_start_to_its_last_day() -> None:
    offers = Offers(np.array([0, 1, 1, 2]), np.array([5, 9, 0, 9]), np.array([-3, 0, -9, 1]))
    assert offers.count_valid(3).tolist() == [1, 2, 0]
    assert offers.before(7).count_valid(3).tolist() == [0, 1, 1]
    assert offers.before(1).count_valid(3).tolist() == [1, 1, 1]


def test_an_offer_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="starts_days_ago"):
        Offers(np.array([0]), np.array([-1]), np.array([-3]))
