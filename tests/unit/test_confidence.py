from collections.abc import Sequence

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core.behaviour import Interactions
from overture.core.confidence import Weights, confidence_of, weigh

USERS = np.array(["ana", "ben", "cy"])
ITEMS = np.array(["bread", "milk", "tea"])


def interactions(pairs: Sequence[tuple[int, int]], weights: Sequence[float]) -> Interactions:
    users, items = (np.array(positions, np.int32) for positions in zip(*pairs, strict=True))
    count = np.zeros(len(pairs), np.int64)
    weight = np.array(weights, np.float64)
    return Interactions(USERS, ITEMS, users, items, weight, weight, count, count, "sha")


def test_confidence_is_one_plus_alpha_times_the_weight_of_what_is_stored_and_nothing_else() -> None:
    confidence = confidence_of(csr_matrix([[0.0, 0.5], [3.0, 0.0]]), alpha=2.0)

    assert confidence.toarray().tolist() == [[0.0, 2.0], [7.0, 0.0]]
    assert confidence.dtype == np.float32


def test_a_transposed_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected: \(2, 3\); got: \(3, 2\)"):
        Weights(csr_matrix(np.ones((3, 2))), USERS[:2], ITEMS)


def test_what_weighs_too_little_is_left_out_with_the_users_and_items_that_have_nothing_else() -> None:
    behaviour = interactions([(0, 0), (0, 1), (1, 2), (2, 1)], [0.5, 0.09, 0.05, 0.1])

    found = weigh(behaviour, behaviour.weights, least_weight=0.1)

    assert found.user_ids.tolist() == ["ana", "cy"]
    assert found.item_ids.tolist() == ["bread", "milk"]
    assert found.matrix.toarray().tolist() == [[0.5, 0.0], [0.0, 0.1]]


def test_a_weight_of_nothing_is_no_interaction_even_where_no_least_weight_is_set() -> None:
    behaviour = interactions([(0, 0), (1, 1)], [0.0, 1.0])

    assert weigh(behaviour, behaviour.weights, least_weight=0.0).user_ids.tolist() == ["ben"]


@pytest.mark.parametrize("weight", [-0.1, np.nan, np.inf])
def test_a_weight_that_is_negative_or_not_finite_is_refused(weight: float) -> None:
    behaviour = interactions([(0, 0), (1, 1)], [1.0, weight])

    with pytest.raises(ValueError, match="not finite"):
        weigh(behaviour, behaviour.weights, least_weight=0.1)


def test_a_user_and_item_that_come_twice_are_refused_and_not_added_up() -> None:
    behaviour = interactions([(1, 1), (1, 1)], [1.0, 1.0])

    with pytest.raises(ValueError, match="twice"):
        weigh(behaviour, behaviour.weights, least_weight=0.1)
