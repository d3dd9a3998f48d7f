from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core.behaviour import Behaviour, Interactions, ItemFacts, Readers
from overture.core.factors import Factors
from overture.core.ranking import STRATEGIES
from overture.core.recommendations import Rules, reasons_for, recommend

ITEMS = np.array(["apple", "bread", "cheese", "fuel", "milk", "pear"])
FACTS = ItemFacts(
    item_ids=ITEMS,
    titles=np.array(["Apple", "Bread", "Cheese", "", "Milk", "Pear"]),
    departments=np.array(["fruit", "bakery", "dairy", "", "dairy", "fruit"]),
    is_available=np.array([True, True, True, True, True, False]),
    is_promotable=np.array([True, True, True, False, True, True]),
    buyers_28d=np.array([3.0, 9.0, 4.0, 99.0, 5.0, 50.0]),
)
READERS = Readers(np.array(["ana", "new", "stranger"]), np.array(["fruit", "dairy", ""]))
# Ana bought milk 27 days ago, bread 28 days ago, and looked at cheese.
HISTORY = Interactions(
    user_ids=np.array(["ana"]),
    item_ids=np.array(["bread", "cheese", "milk"]),
    users=np.zeros(3, np.int32),
    items=np.arange(3, dtype=np.int32),
    weights=np.ones(3),
    weights_before_holdout=np.ones(3),
    held_out_counts=np.zeros(3, np.int64),
    bought_days_ago=np.array([28, -1, 27]),
    sha256="sha",
)
FACTORS = Factors(
    user_factors=np.ones((1, 1), np.float32),
    item_factors=np.array([[0.2], [0.3], [0.9]], np.float32),
    user_ids=HISTORY.user_ids,
    item_ids=HISTORY.item_ids,
)
DAY = Behaviour(HISTORY, FACTS, READERS)
THREE = Rules(list_length=3, excluded_days=28, least_history=3)


def recommended(behaviour: Behaviour, rules: Rules = THREE) -> dict[str, list[tuple[str, str]]]:
    lists = recommend(FACTORS, np.array([3]), behaviour, rules)
    return {
        str(user): [
            (str(ITEMS[item]), STRATEGIES[strategy])
            for item, strategy in zip(items, strategies, strict=True)
            if item >= 0
        ]
        for user, items, strategies in zip(behaviour.readers.user_ids, lists.items, lists.strategies, strict=True)
    }


def test_what_was_bought_lately_is_left_out_and_a_short_list_is_filled_with_what_is_popular() -> None:
    assert recommended(DAY)["ana"] == [("cheese", "als"), ("bread", "als"), ("apple", "popular_in_department")]


def test_a_reader_whom_the_factors_do_not_know_gets_the_favourite_department_first() -> None:
    assert recommended(DAY)["new"] == [
        ("milk", "popular_in_department"),
        ("cheese", "popular_in_department"),
        ("bread", "popular"),
    ]


def test_a_reader_without_a_favourite_department_gets_what_is_popular_and_may_be_recommended() -> None:
    # Neither fuel, which nobody should be written to about, nor the pear, which is sold out.
    assert recommended(DAY, replace(THREE, list_length=9))["stranger"] == [
        (i, "popular") for i in ("bread", "milk", "cheese", "apple")
    ]


def test_a_reader_with_too_short_a_history_gets_what_is_popular_too() -> None:
    strategies = {strategy for _, strategy in recommended(DAY, replace(THREE, least_history=4))["ana"]}

    assert strategies == {"popular_in_department", "popular"}


def test_nobody_is_recommended_anything_where_nothing_is_available() -> None:
    sold_out = replace(DAY, facts=replace(FACTS, is_available=np.zeros(6, bool)))

    assert recommended(sold_out) == {"ana": [], "new": [], "stranger": []}


@pytest.mark.parametrize("readers", [Readers(np.array([], str), np.array([], str))])
def test_without_readers_there_are_no_lists(readers: Readers) -> None:
    assert recommended(replace(DAY, readers=readers)) == {}


def test_a_thing_of_the_same_title_is_no_reason() -> None:
    all_bread = replace(DAY, facts=replace(FACTS, titles=np.array(["Apple", "Bread", "Cheese", "", "Bread", "Pear"])))
    lists = recommend(FACTORS, np.array([3]), all_bread, THREE)

    reasons = reasons_for(lists, FACTORS, csr_matrix(np.full((1, 3), 2.0, np.float32)), all_bread, 0.1)

    # For cheese still "milk", here called bread; for bread not that, but cheese.
    assert reasons[0].tolist() == [2, 1, -1]


def test_only_places_that_the_factors_filled_have_a_reason() -> None:
    lists = recommend(FACTORS, np.array([3]), DAY, THREE)

    reasons = reasons_for(lists, FACTORS, csr_matrix(np.full((1, 3), 2.0, np.float32)), DAY, 0.1)

    # Milk adds more than bread to cheese, and than cheese to bread: its factor is the greatest.
    assert reasons.tolist() == [[2, 2, -1], [-1, -1, -1], [-1, -1, -1]]
