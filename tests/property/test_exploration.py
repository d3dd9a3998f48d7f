"""Exploration is bounded, repeatable and honest about its chances."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from overture.core.exploration import WHICH, WHO, ExplorationRules, Explored, draws, explore

DAY = date(2017, 7, 11)
SEEDS = st.integers(0, 2**32 - 1)
ITEMS = 30


def shop(seed: int, users: int, length: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, csr_matrix]:
    """Lists of any length up to `length`, ids, candidates and what is excluded; lists may hold candidates."""
    random = np.random.default_rng(seed)

    def rows(width: int) -> np.ndarray:
        drawn = np.argsort(random.random((users, ITEMS)), axis=1)[:, :width].astype(np.int64)
        return np.where(np.arange(width) < random.integers(0, width + 1, (users, 1)), drawn, -1)

    ids = np.unique(random.integers(0, 10**9, users).astype(np.str_))
    items, candidates = rows(length)[: len(ids)], rows(most)[: len(ids)]
    return items, ids, candidates, csr_matrix(random.random((len(ids), ITEMS)) < 0.3)


@given(seed=SEEDS, users=st.integers(1, 40), share=st.floats(0, 1), place=st.integers(1, 5), most=st.integers(1, 8))
def test_only_a_free_candidate_is_shown_once_at_the_place_and_nothing_else_changes(
    seed: int, users: int, share: float, place: int, most: int
) -> None:
    items, ids, candidates, excluded = shop(seed, users, 5, most)
    found = explore(items, ids, candidates, excluded, ExplorationRules(DAY, share, place, seed))

    assert (found.items[~found.is_explored] == items[~found.is_explored]).all()
    assert (found.is_explored.sum(axis=1) <= 1).all()
    for user, at in np.argwhere(found.is_explored):
        item = found.items[user, at]
        assert item in candidates[user]
        assert item not in items[user]
        assert not excluded[user, item]
        assert at == min(place - 1, (items[user] >= 0).sum())
    assert ((found.propensities > 0) == (found.items >= 0)).all()
    assert (found.propensities <= 1).all()


@given(seed=SEEDS, share=st.floats(0.01, 0.99))
def test_no_more_than_the_share_of_the_users_sees_a_new_item(seed: int, share: float) -> None:
    ids = np.arange(2000).astype(np.str_)
    chosen = draws(ids, DAY, seed, WHO) < share
    # Six standard deviations: one in 500 million.
    assert abs(chosen.mean() - share) <= 6 * np.sqrt(share * (1 - share) / len(ids))


@given(seed=SEEDS, users=st.integers(1, 40), less=st.floats(0, 1), more=st.floats(0, 1))
def test_a_greater_share_adds_users_and_takes_none_away(seed: int, users: int, less: float, more: float) -> None:
    less, more = sorted((less, more))
    items, ids, candidates, excluded = shop(seed, users, 5, 8)
    few, many = (
        explore(items, ids, candidates, excluded, ExplorationRules(DAY, share, 5, seed)) for share in (less, more)
    )
    assert (few.is_explored <= many.is_explored).all()
    assert (few.items[few.is_explored] == many.items[few.is_explored]).all()


@given(seed=SEEDS, users=st.integers(2, 40))
def test_a_user_s_draw_does_not_depend_on_who_else_is_asked_for(seed: int, users: int) -> None:
    items, ids, candidates, excluded = shop(seed, users, 5, 8)
    rules = ExplorationRules(DAY, 0.5, 5, seed)
    together = explore(items, ids, candidates, excluded, rules)
    order = np.random.default_rng(seed).permutation(len(ids))[: len(ids) // 2 + 1]
    apart = explore(items[order], ids[order], candidates[order], excluded[order], rules)
    assert (apart.items == together.items[order]).all()
    assert (apart.propensities == together.propensities[order]).all()


def every_day(share: float, days: int) -> tuple[np.ndarray, list[Explored]]:
    items = np.array([[0, 1, 2], [3, 4, -1], [5, 6, 7], [0, 1, 2]])
    candidates = np.array([[10, 11, 12, 13], [10, 11, -1, -1], [7, 5, 6, -1], [10, 11, 2, 13]])
    excluded = csr_matrix(([1.0], ([3], [10])), shape=(4, ITEMS))
    ids = np.array(["a", "bb", "ccc", "d"])
    rules = [ExplorationRules(DAY + timedelta(days=number), share, 3, 1) for number in range(days)]
    return items, [explore(items, ids, candidates, excluded, each) for each in rules]


def test_over_many_days_each_item_is_shown_as_often_as_its_propensity_says() -> None:
    _, found = every_day(share=0.4, days=4000)
    shown, stated = np.zeros((4, ITEMS)), np.zeros((4, ITEMS))
    for each in found:
        user, place = np.nonzero(each.items >= 0)
        shown[user, each.items[user, place]] += 1 / len(found)
        known = stated[user, each.items[user, place]]
        assert ((known == 0) | (known == each.propensities[user, place])).all()
        stated[user, each.items[user, place]] = each.propensities[user, place]
    assert stated[0, [0, 2, 10, 13]].tolist() == [1.0, 0.6, 0.1, 0.1]
    assert stated[1, [3, 4, 10, 11]].tolist() == [1.0, 1.0, 0.2, 0.2]
    assert stated[2, [5, 6, 7]].tolist() == [1.0, 1.0, 1.0]
    assert stated[3, [10, 11, 13]].tolist() == [0.0, 0.2, 0.2]
    # Five standard deviations of the least certain.
    np.testing.assert_allclose(shown, stated, atol=5 * np.sqrt(0.25 / len(found)))


def test_another_day_chooses_other_users_and_another_seed_too() -> None:
    ids = np.arange(1000).astype(np.str_)
    first = draws(ids, DAY, 1, WHO)
    others = [draws(ids, DAY + timedelta(days=1), 1, WHO), draws(ids, DAY, 2, WHO), draws(ids, DAY, 1, WHICH)]
    assert all(abs(np.corrcoef(first, other)[0, 1]) < 0.15 for other in others)


def test_a_draw_is_the_same_for_ever() -> None:
    # Worked out apart, with Python's whole numbers.
    expected = [python_draw(name, 7, WHO) for name in ("", "1", "é-10")]
    assert draws(np.array(["", "1", "é-10"]), DAY, 7, WHO).tolist() == expected


def python_draw(name: str, seed: int, purpose: int) -> float:
    whole = 2**64
    value = 0xCBF29CE484222325
    for character in name:
        value = (value ^ ord(character)) * 0x100000001B3 % whole

    def mixed(number: int) -> int:
        number = (number + 0x9E3779B97F4A7C15) % whole
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 % whole
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB % whole
        return number ^ (number >> 31)

    for number in (seed, DAY.toordinal(), purpose):
        value = mixed(value ^ mixed(number))
    return (value >> 11) * 2.0**-53


def test_lists_are_left_as_they_were_given() -> None:
    items, found = every_day(share=1.0, days=1)
    assert items[:, 2].tolist() == [2, -1, 7, 2]
    assert found[0].is_explored[:, 2].tolist() == [True, True, False, True]


@pytest.mark.parametrize(("share", "place", "seed"), [(-0.1, 1, 0), (1.1, 1, 0), (float("nan"), 1, 0), (0.1, 0, 0)])
def test_rules_out_of_range_are_refused(share: float, place: int, seed: int) -> None:
    with pytest.raises(ValueError, match="exploration; expected"):
        ExplorationRules(DAY, share, place, seed)


def test_a_place_past_the_lists_is_refused() -> None:
    items, ids, candidates, excluded = shop(1, 4, 5, 8)
    with pytest.raises(ValueError, match="expected: within lists of 5; got: 6"):
        explore(items, ids, candidates, excluded, ExplorationRules(DAY, 0.1, 6, 0))
