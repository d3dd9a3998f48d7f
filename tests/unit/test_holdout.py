from dataclasses import replace

import numpy as np

from overture.core.behaviour import Interactions
from overture.core.factors import Factors
from overture.core.holdout import judge_holdout

# Three users have a regular item each before the held-out days; ana then buys hers and a new one.
HISTORY = Interactions(
    user_ids=np.array(["ana", "ben", "cy"]),
    item_ids=np.array(["bread", "milk", "new", "tea"]),
    users=np.array([0, 0, 1, 2], np.int32),
    items=np.array([1, 2, 0, 0], np.int32),
    weights=np.ones(4),
    weights_before_holdout=np.array([1.0, 0.0, 1.0, 2.0]),
    held_out_counts=np.array([1, 1, 0, 0]),
    bought_days_ago=np.array([0, 0, 9, 9]),
    sha256="sha",
)
BEFORE = Factors(
    user_factors=np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], np.float32),
    item_factors=np.array([[0.1, 1.0], [1.0, 0.1]], np.float32),
    user_ids=HISTORY.user_ids,
    item_ids=np.array(["bread", "milk"]),
)
ALL = np.ones(4, bool)


def test_factors_are_judged_beside_what_is_popular() -> None:
    measured = judge_holdout(BEFORE, HISTORY, ALL, length=1)

    # One of ana's two items is foreseen; the most popular item, bread, is none of them.
    assert measured["recall"] == (0.5, 0.0)
    assert measured["hit_rate"] == (1.0, 0.0)


def test_discovery_neither_ranks_nor_counts_what_was_chosen_before() -> None:
    measured = judge_holdout(BEFORE, HISTORY, ALL, length=1)

    # The new item was never seen, so nothing can foresee it; it counts all the same.
    assert measured["discover_recall"] == (0.0, 0.0)


def test_items_that_may_not_be_recommended_are_not_counted() -> None:
    measured = judge_holdout(BEFORE, HISTORY, HISTORY.item_ids != "new", length=1)

    assert measured["recall"] == (1.0, 0.0)
    assert "discover_recall" not in measured


def test_there_is_nothing_to_judge_where_nobody_did_anything() -> None:
    quiet = replace(HISTORY, held_out_counts=np.zeros(4, np.int64))

    assert judge_holdout(BEFORE, quiet, ALL, length=1) == {}
