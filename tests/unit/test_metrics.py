import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core.metrics import judge_lists


def test_a_perfect_list_has_full_marks_though_it_is_shorter_than_what_was_done() -> None:
    found = judge_lists(np.array([[0, 1]]), csr_matrix(np.ones((1, 4))))

    assert found == {"recall": 0.5, "ndcg": 1.0, "hit_rate": 1.0}


def test_a_hit_counts_less_the_later_it_comes() -> None:
    relevant = csr_matrix([[0, 0, 1]])

    first, last = (judge_lists(np.array([items]), relevant)["ndcg"] for items in ([2, 0, 1], [0, 1, 2]))

    assert first == 1.0
    assert last == pytest.approx(1 / math.log2(4))


def test_users_who_did_nothing_are_not_judged() -> None:
    items = np.array([[0], [1], [1]])

    assert judge_lists(items, csr_matrix([[1, 0], [0, 0], [1, 0]]))["hit_rate"] == 0.5
    assert all(math.isnan(value) for value in judge_lists(items, csr_matrix((3, 2))).values())


def test_the_empty_places_of_a_short_list_are_no_hits() -> None:
    # Item -1 of the second user would be the last item of the first.
    found = judge_lists(np.array([[2, -1], [-1, -1]]), csr_matrix([[0, 0, 0, 1], [1, 0, 0, 0]]))

    assert found == {"recall": 0.0, "ndcg": 0.0, "hit_rate": 0.0}
