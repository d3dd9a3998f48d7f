from collections.abc import Sequence

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import ranking
from overture.core.ranking import POPULAR, STRATEGIES, RankedLists, fill_up, most_popular, rank_by_factors

NOTHING = csr_matrix((1, 5))


def ranked(
    scores: Sequence[float], *, allowed: Sequence[bool] = (True,) * 5, excluded: csr_matrix = NOTHING
) -> list[int]:
    factors = np.array(scores, np.float32)[:, None]
    lists = rank_by_factors(np.ones((1, 1), np.float32), factors, np.array(allowed), excluded, length=3)
    return [int(item) for item in lists.items[0]]


def test_the_best_items_come_first() -> None:
    assert ranked([0.1, 0.9, 0.5, -1.0, 0.7]) == [1, 4, 2]


def test_of_equal_items_the_first_comes_first_also_where_the_list_ends() -> None:
    assert ranked([0.5, 0.9, 0.5, 0.9, 0.5]) == [1, 3, 0]
    assert ranked([0.0] * 5) == [0, 1, 2]


def test_neither_excluded_nor_forbidden_items_are_ranked_and_a_short_list_is_not_padded() -> None:
    allowed = [True, False, True, True, False]
    excluded = csr_matrix(np.array([[1, 0, 0, 0, 1]]))

    assert ranked([0.9, 0.8, -0.2, -0.1, 0.7], allowed=allowed, excluded=excluded) == [3, 2, -1]


def test_lists_are_empty_where_no_item_is_allowed() -> None:
    assert ranked([1.0] * 5, allowed=[False] * 5) == [-1, -1, -1]


@pytest.mark.parametrize("tile", [(1, 64), (7, 128), (ranking.TILE_USERS, 640), (8, ranking.TILE_ITEMS)])
def test_many_items_are_ranked_as_by_sorting_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tile: tuple[int, int]
) -> None:
    monkeypatch.setattr(ranking, "TILE_USERS", tile[0])
    monkeypatch.setattr(ranking, "TILE_ITEMS", tile[1])
    random = np.random.default_rng(3)
    # Small whole numbers: exact in any order of summation, and full of ties.
    users = random.integers(-2, 3, size=(30, 4)).astype(np.float32)
    items = random.integers(-2, 3, size=(1501, 4)).astype(np.float32)
    allowed = random.random(1501) < 0.9
    excluded = csr_matrix(random.random((30, 1501)) < 0.3)

    lists = rank_by_factors(users, items, allowed, excluded, length=10)

    scores = users @ items.T
    scores[:, ~allowed] = -np.inf
    scores[excluded.toarray()] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    assert lists.items.tolist() == expected.tolist()
    assert lists.scores.tolist() == np.take_along_axis(scores, expected, axis=1).tolist()


def test_free_places_are_filled_in_order_without_what_is_excluded_or_in_the_list_already() -> None:
    lists = RankedLists.empty(2, 4)
    lists.items[0, :2], lists.scores[0, :2], lists.strategies[0, :2] = [7, 1], [0.4, 0.3], 0
    candidates = np.array([[1, 2, 3, 4, 5], [5, 6, -1, -1, -1]])
    excluded = csr_matrix(([1, 1], ([0, 1], [3, 0])), shape=(2, 8))

    fill_up(lists, POPULAR, candidates, candidates * 10.0, excluded)

    assert lists.items.tolist() == [[7, 1, 2, 4], [5, 6, -1, -1]]
    assert lists.scores.tolist() == [[0.4, 0.3, 20.0, 40.0], [50.0, 60.0, 0.0, 0.0]]
    popular = STRATEGIES.index(POPULAR)
    assert lists.strategies.tolist() == [[0, 0, popular, popular], [popular, popular, -1, -1]]


def test_lists_are_filled_alike_in_blocks_of_one_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "BLOCK_USERS", 1)

    test_free_places_are_filled_in_order_without_what_is_excluded_or_in_the_list_already()


def test_popular_are_only_items_that_somebody_bought_and_that_are_allowed() -> None:
    popularity = np.array([4.0, 9.0, 0.0, 4.0, 5.0])
    group = np.array([0, 0, 0, 0, -1])
    allowed = np.array([True, False, True, True, True])

    assert most_popular(popularity, group, 2, allowed, depth=3).tolist() == [[0, 3, -1], [-1, -1, -1]]
