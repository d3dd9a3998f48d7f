import itertools
import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import list_metrics
from overture.core.list_metrics import (
    category_exposure_of,
    coverage,
    distance_of_lists,
    diversity,
    exposure_of,
    gini,
    mutual_information,
    novelty,
    personalisation,
)


def some_lists(seed: int, users: int, items: int, k: int) -> np.ndarray:
    """Lists of 0 to k items each."""
    random = np.random.default_rng(seed)
    lists = np.argsort(random.random((users, items)), axis=1)[:, :k]
    return np.where(np.arange(k) < random.integers(0, k + 1, (users, 1)), lists, -1)


def sets_of(items: np.ndarray) -> list[set[int]]:
    return [{item for item in row if item >= 0} for row in items.tolist()]


def test_coverage_counts_each_listed_item_once_and_no_free_place() -> None:
    assert coverage(exposure_of(np.array([[0, 2], [2, -1]]), item_count=4)) == 0.5
    assert coverage(exposure_of(np.full((3, 2), -1), item_count=4)) == 0
    assert math.isnan(coverage(np.zeros(0, np.int64)))


def test_gini_is_the_mean_difference_of_two_items_over_twice_the_mean() -> None:
    exposures = np.random.default_rng(1).integers(0, 9, 30)
    differences = np.abs(exposures[:, None] - exposures[None, :])

    assert gini(exposures) == pytest.approx(differences.mean() / (2 * exposures.mean()))


def test_gini_is_nothing_for_equal_exposure_and_unknown_without_any() -> None:
    assert gini(np.full(7, 3)) == 0
    assert gini(np.array([0, 0, 0, 0, 6])) == pytest.approx(0.8)
    assert math.isnan(gini(np.zeros(5, np.int64)))


def test_novelty_is_nothing_for_what_everybody_had_and_bounded_for_what_nobody_had() -> None:
    found = novelty(np.array([[0, -1], [1, 2], [-1, -1]]), np.array([8, 2, 0]), users=8)

    assert found[:2].tolist() == [0.0, (2 + 3) / 2]
    assert math.isnan(found[2])


@pytest.mark.parametrize(("had", "users"), [([9], 8), ([-1], 8), ([0], 0)])
def test_novelty_refuses_counts_that_cannot_be(had: list[int], users: int) -> None:
    with pytest.raises(ValueError, match="users who had an item; expected: "):
        novelty(np.array([[0]]), np.array(had), users)


@pytest.mark.parametrize(("seed", "tag_count"), [(1, 3), (2, 40), (3, 200)])
def test_diversity_is_the_mean_distance_of_all_pairs_of_tagged_items(
    seed: int, tag_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_metrics, "BLOCK_USERS", 7)
    items = some_lists(seed, 40, 25, 6)
    tags = np.random.default_rng(seed).random((25, tag_count)) < 4 / tag_count
    tags[:4] = False
    expected = []
    for row in sets_of(items):
        sets = [set(np.flatnonzero(tags[item])) for item in row if tags[item].any()]
        distances = [1 - len(a & b) / len(a | b) for a, b in itertools.combinations(sets, 2)]
        expected.append(np.mean(distances) if distances else np.nan)

    assert np.isnan(expected).any()
    assert diversity(items, csr_matrix(tags)) == pytest.approx(expected, nan_ok=True)


def test_a_list_has_no_diversity_where_tags_are_equal_and_none_is_known_without_tags() -> None:
    items = np.array([[0, 1, 2]])

    assert diversity(items, csr_matrix(np.ones((3, 70)))).tolist() == [0.0]
    assert diversity(items, csr_matrix(np.eye(3))).tolist() == [1.0]
    assert np.isnan(diversity(items, csr_matrix((3, 2)))).all()


@pytest.mark.parametrize("seed", range(5))
def test_personalisation_is_the_mean_distance_of_all_pairs_of_users_with_a_list(seed: int) -> None:
    items = some_lists(seed, 20, 9, 4)
    pairs = itertools.combinations([row for row in sets_of(items) if row], 2)

    assert personalisation(items, 9) == pytest.approx(np.mean([1 - len(a & b) / 4 for a, b in pairs]))


def test_personalisation_needs_two_users_with_a_list() -> None:
    assert math.isnan(personalisation(np.array([[0, 1], [-1, -1]]), 2))
    assert personalisation(np.array([[0, 1], [1, 0], [-1, -1]]), 2) == 0
    assert personalisation(np.array([[0, -1], [0, -1]]), 2) == 0.5


def test_a_user_drawn_twice_is_no_pair_with_itself() -> None:
    items = some_lists(6, 12, 9, 4)
    draws = np.random.default_rng(6).integers(0, 4, (3, 12))
    sets = sets_of(items)
    exposures = np.stack([exposure_of(np.repeat(items, row, axis=0), 9) for row in draws])

    found = distance_of_lists(exposures, draws, (items >= 0).sum(axis=1), 4)

    for value, row in zip(found, draws, strict=True):
        drawn = [user for user in np.repeat(np.arange(12), row) if sets[user]]
        pairs = [(a, b) for a, b in itertools.combinations(drawn, 2) if a != b]
        assert value == pytest.approx(np.mean([1 - len(sets[a] & sets[b]) / 4 for a, b in pairs]))


def test_mutual_information_is_what_is_known_of_both_alone_less_of_both_together() -> None:
    table = np.random.default_rng(2).integers(0, 6, (4, 5))

    def bits(counts: np.ndarray) -> float:
        shares = counts[counts > 0] / counts.sum()
        return float(-(shares * np.log2(shares)).sum())

    expected = bits(table.sum(axis=0)) + bits(table.sum(axis=1)) - bits(table)
    assert mutual_information(table) == pytest.approx(expected)


def test_a_group_tells_nothing_of_a_mix_that_all_share_and_all_of_one_of_its_own() -> None:
    assert mutual_information(np.array([[1, 2], [3, 6]])) == pytest.approx(0, abs=1e-15)
    assert mutual_information(np.eye(4)) == pytest.approx(2)
    assert mutual_information(np.array([[3, 4]])) == 0
    assert math.isnan(mutual_information(np.zeros((2, 2))))


def test_places_without_a_group_or_category_are_left_out() -> None:
    items = np.array([[0, 1, 2], [2, 1, -1], [0, 1, 2]])

    found = category_exposure_of(items, np.array([1, 0, -1]), np.array([0, -1, 1]))

    # Columns: group 0 with both categories, then group 1.
    assert found.toarray().tolist() == [[0, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_lists_with_an_item_twice_are_refused_by_each() -> None:
    items = np.array([[1, 1]])
    for judge in (
        lambda: exposure_of(items, 2),
        lambda: personalisation(items, 2),
        lambda: novelty(items, np.array([1, 1]), 1),
        lambda: diversity(items, csr_matrix((2, 1))),
    ):
        with pytest.raises(ValueError, match="item 1 twice in list 0"):
            judge()
