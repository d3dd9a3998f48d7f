import math

import numpy as np
import pytest

from overture.core.bootstrap import mean_intervals
from overture.core.group_metrics import OTHER, judge_groups

RANDOM = np.random.default_rng(5)
GROUPS = np.repeat(["ann", "bea", "cleo"], [300, 200, 100])
VALUES = RANDOM.random(600) / 2 + np.repeat([0.0, 0.5, 0.2], [300, 200, 100])


def test_each_group_has_its_own_mean_and_interval() -> None:
    found = judge_groups(VALUES, GROUPS, seed=1)

    assert list(found.intervals) == ["ann", "bea", "cleo"]
    assert found.users == {"ann": 300, "bea": 200, "cleo": 100}
    for group, interval in found.intervals.items():
        alone = mean_intervals({"m": VALUES[group == GROUPS]}, seed=1)["m"]
        assert interval.value == alone.value
        assert interval.high - interval.low == pytest.approx(alone.high - alone.low, rel=0.35)


def test_the_gap_is_that_of_the_best_and_the_worst_group() -> None:
    found = judge_groups(VALUES, GROUPS, seed=1)

    assert (found.best, found.worst) == ("bea", "ann")
    assert found.gap.value == found.intervals["bea"].value - found.intervals["ann"].value
    assert 0.45 < found.gap.low < 0.5 < found.gap.high < 0.55


def test_the_gap_of_two_groups_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    random, groups = np.random.default_rng(6), np.repeat(["a", "b"], 60)
    gaps = [judge_groups(random.random(120) + (groups == "b"), groups, seed).gap for seed in range(300)]

    assert 0.9 <= np.mean([gap.low <= 1 <= gap.high for gap in gaps]) <= 0.985


def test_groups_are_drawn_apart_so_that_the_gap_is_unsure_of_both() -> None:
    values = np.append(VALUES[:300], VALUES[:300] + 1)

    found = judge_groups(values, np.repeat(["a", "b"], 300), seed=1)

    width = found.intervals["a"].high - found.intervals["a"].low
    assert found.gap.high - found.gap.low == pytest.approx(width * 2**0.5, rel=0.35)


def test_small_groups_are_one_group_named_other() -> None:
    groups = GROUPS.copy()
    groups[:19], groups[19:30], groups[30:50] = "dot", "eve", "fay"

    found = judge_groups(VALUES, groups, seed=1)

    assert found.users == {"ann": 250, "bea": 200, "cleo": 100, "fay": 20, OTHER: 30}
    assert found.intervals[OTHER].value == pytest.approx(VALUES[:30].mean())


def test_a_remainder_that_is_small_itself_is_reported_but_not_compared() -> None:
    groups, values = GROUPS.copy(), VALUES.copy()
    groups[:5], values[:5] = "dot", -9

    found = judge_groups(values, groups, seed=1)

    assert found.users[OTHER] == 5
    assert found.intervals[OTHER].value == -9
    assert found.worst == "ann"


def test_users_without_a_value_do_not_make_a_group_large_enough() -> None:
    values = np.where(np.arange(600) < 510, VALUES, np.nan)

    assert judge_groups(values, GROUPS, seed=1).users == {"ann": 300, "bea": 200, OTHER: 10}


def test_there_is_no_gap_without_two_groups_to_compare() -> None:
    for values, groups in ((VALUES, np.full(600, "ann")), (np.zeros(0), np.zeros(0, np.str_))):
        found = judge_groups(values, groups, seed=1)
        assert (found.best, found.worst) == ("", "")
        assert all(math.isnan(end) for end in found.gap)


def test_of_equal_groups_the_first_by_name_is_best_and_worst_and_the_gap_is_nothing() -> None:
    found = judge_groups(np.full(60, 0.5), np.repeat(["b", "a", "c"], 20), seed=1)

    assert (found.best, found.worst) == ("a", "a")
    assert found.gap == (0, 0, 0)


def test_the_same_seed_gives_the_same_numbers_whatever_the_other_groups_are() -> None:
    first = judge_groups(VALUES, GROUPS, seed=3)
    again = judge_groups(VALUES, GROUPS, seed=3)
    fewer = judge_groups(VALUES[GROUPS != "ann"], GROUPS[GROUPS != "ann"], seed=3)

    assert again == first
    assert fewer.intervals["cleo"] == first.intervals["cleo"]
    assert judge_groups(VALUES, GROUPS, seed=4).intervals != first.intervals


def test_groups_of_other_users_are_refused() -> None:
    with pytest.raises(ValueError, match="groups of users; expected: \\(600,\\); got: \\(2,\\)"):
        judge_groups(VALUES, GROUPS[:2], seed=1)
