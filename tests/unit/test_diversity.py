import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core.diversity import Chosen, Variety, choose

# Items 0 to 2 are of one category, 3 and 4 of another; 0 and 3 share a brand, item 5 has tags of its own.
TAGS = np.array([[1, 7], [1, 8], [1, 9], [2, 7], [2, 6], [-5, -6]])


def chosen(scores: list[float], most: int, relevance: float = 1.0, length: int = 3) -> Chosen:
    order = np.argsort(-np.array(scores), kind="stable")
    return choose(order[None, :], np.array(scores)[order][None, :], TAGS, Variety(most, relevance), length)


def test_without_a_limit_the_best_are_chosen() -> None:
    found = chosen([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], most=9)
    assert found.items.tolist() == [[0, 1, 2]]
    assert found.scores.tolist() == [[0.9, 0.8, 0.7]]
    assert found.passed_over == 0


def test_no_category_has_more_places_than_allowed_and_what_is_passed_over_is_counted() -> None:
    found = chosen([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], most=1)
    assert found.items.tolist() == [[0, 3, 5]]
    assert found.passed_over == 3


def test_a_list_is_short_where_the_limit_leaves_no_more() -> None:
    assert chosen([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], most=1, length=5).items.tolist() == [[0, 3, 5, -1, -1]]


def test_likeness_to_what_is_chosen_costs_and_the_order_stays_that_of_the_scores() -> None:
    # Item 1 is like item 0 by a third, item 4 by nothing; item 3 shares a brand with item 0.
    found = chosen([0.9, 0.8, 0.1, 0.7, 0.75, 0.3], most=9, relevance=0.5, length=2)
    assert found.items.tolist() == [[0, 4]]
    assert found.scores.tolist() == [[0.9, 0.75]]


def test_free_places_of_the_candidates_are_never_chosen() -> None:
    found = choose(np.array([[2, -1], [-1, -1]]), np.array([[0.5, 0], [0, 0]]), TAGS, Variety(1, 0.5), 2)
    assert found.items.tolist() == [[2, -1], [-1, -1]]


@given(
    scores=st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
    most=st.integers(1, 3),
    relevance=st.floats(0.1, 1),
    length=st.integers(1, 8),
)
def test_a_list_holds_each_item_once_within_the_limit_in_order(
    scores: list[float], most: int, relevance: float, length: int
) -> None:
    found = chosen(scores, most, relevance, length)
    items = [item for item in found.items[0] if item >= 0]
    assert len(set(items)) == len(items)
    assert np.unique(TAGS[items, 0], return_counts=True)[1].max() <= most
    listed = found.scores[0, : len(items)]
    assert (np.diff(listed) <= 0).all()
    assert listed.tolist() == [scores[item] for item in items]
    assert found.scores[0, 0] == max(scores)


@pytest.mark.parametrize(("most", "relevance"), [(0, 1.0), (1, 0.0), (1, 1.1)])
def test_a_variety_out_of_range_is_refused(most: int, relevance: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        Variety(most, relevance)
