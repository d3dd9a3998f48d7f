import math

import numpy as np
import pytest

from overture.core import bootstrap
from overture.core.bootstrap import (
    Interval,
    difference_intervals,
    interval_of,
    list_intervals,
    mean_intervals,
    mutual_information_interval,
    resampled_counts,
)
from overture.core.list_metrics import personalisation

RANDOM = np.random.default_rng(9)
VALUES = {"recall": RANDOM.random(60), "mrr": RANDOM.random(60)}
LISTS = np.argsort(RANDOM.random((60, 30)), axis=1)[:, :4]
CATALOGUE = np.ones(30, bool)
GROUPS, CATEGORIES = np.arange(60) % 3, np.arange(30) % 4


def share_within(intervals: list[Interval], truth: float) -> float:
    return float(np.mean([interval.low <= truth <= interval.high for interval in intervals]))


def test_an_interval_holds_the_true_mean_about_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(1)
    found = [mean_intervals({"m": random.random(80)}, seed)["m"] for seed in range(400)]

    assert 0.91 <= share_within(found, 0.5) <= 0.98


def test_a_difference_holds_the_truth_as_often_and_is_narrower_than_its_strategies() -> None:
    random = np.random.default_rng(2)
    found = []
    for seed in range(400):
        theirs = random.random(80)
        found.append(difference_intervals({"m": theirs + random.normal(0.1, 0.1, 80)}, {"m": theirs}, seed)["m"])

    alone = mean_intervals({"m": theirs}, 1)["m"]
    assert 0.91 <= share_within(found, 0.1) <= 0.98
    assert found[-1].high - found[-1].low < (alone.high - alone.low) / 2


def test_coverage_has_an_interval_around_what_other_users_of_the_kind_would_be_shown() -> None:
    random = np.random.default_rng(3)
    popularity = np.log(1 / np.arange(1, 121))
    shops = [np.argsort(-(popularity + random.gumbel(size=(60, 120))), axis=1)[:, :4] for _ in range(300)]

    found = [list_intervals(lists, np.ones(120, bool), seed, 100)["coverage"] for seed, lists in enumerate(shops)]

    # Without the shift to the value it would be about half of them.
    assert 0.77 <= share_within(found, float(np.mean([interval.value for interval in found]))) <= 0.98


def test_the_difference_of_equal_strategies_is_exactly_nothing() -> None:
    found = difference_intervals(VALUES, VALUES, seed=1)

    assert set(found.values()) == {Interval(0.0, 0.0, 0.0)}


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    def all_of(seed: int) -> list[object]:
        return [
            mean_intervals(VALUES, seed),
            list_intervals(LISTS, CATALOGUE, seed),
            mutual_information_interval(LISTS, GROUPS, CATEGORIES, seed),
        ]

    assert all_of(4) == all_of(4)
    assert all(one != other for one, other in zip(all_of(4), all_of(5), strict=True))


def test_the_numbers_do_not_depend_on_how_many_resamples_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = list(resampled_counts(60, seed=6, resamples=30))
    means, lists = mean_intervals(VALUES, 6), list_intervals(LISTS, CATALOGUE, 6)

    monkeypatch.setattr(bootstrap, "BLOCK_BYTES", 60 * 8 * 7)
    in_blocks = list(resampled_counts(60, seed=6, resamples=30))

    assert [len(block) for block in at_once] == [30]
    assert [len(block) for block in in_blocks] == [7, 7, 7, 7, 2]
    assert np.array_equal(np.concatenate(in_blocks), at_once[0])
    for metric, interval in mean_intervals(VALUES, 6).items():
        assert interval == pytest.approx(means[metric], abs=1e-12)
    assert list_intervals(LISTS, CATALOGUE, 6)["gini"] == pytest.approx(lists["gini"], abs=1e-12)


def test_every_metric_rests_on_the_same_resamples() -> None:
    together = mean_intervals(VALUES, seed=7)

    assert mean_intervals({"mrr": VALUES["mrr"]}, seed=7)["mrr"] == pytest.approx(together["mrr"], abs=1e-12)
    # Half of each value: half of each end.
    halves = mean_intervals({"a": VALUES["mrr"], "b": VALUES["mrr"] / 2}, seed=7)
    assert halves["b"] == pytest.approx([end / 2 for end in halves["a"]])


def test_a_value_does_not_depend_on_the_order_of_users() -> None:
    order = np.random.default_rng(8).permutation(60)
    means = mean_intervals({metric: column[order] for metric, column in VALUES.items()}, seed=1)
    lists = list_intervals(LISTS[order], CATALOGUE, seed=1)
    told = mutual_information_interval(LISTS[order], GROUPS[order], CATEGORIES, seed=1)

    for metric, interval in mean_intervals(VALUES, seed=1).items():
        assert means[metric].value == pytest.approx(interval.value)
    for metric, interval in list_intervals(LISTS, CATALOGUE, seed=1).items():
        assert lists[metric].value == interval.value
    assert told.value == mutual_information_interval(LISTS, GROUPS, CATEGORIES, seed=1).value


def test_a_user_without_a_value_changes_nothing_but_the_draws() -> None:
    known = np.array([0.0, 1.0] * 200)
    with_unknown = np.append(known, [np.nan] * 400)

    alone, beside = (mean_intervals({"m": column}, seed=1)["m"] for column in (known, with_unknown))

    assert beside.value == alone.value == 0.5
    assert beside.high - beside.low == pytest.approx(alone.high - alone.low, rel=0.35)


def test_no_users_or_none_with_a_value_give_nan_and_one_gives_itself() -> None:
    assert all(math.isnan(end) for end in mean_intervals({"m": np.zeros(0)}, seed=1)["m"])
    assert all(math.isnan(end) for end in mean_intervals({"m": np.full(3, np.nan)}, seed=1)["m"])
    assert mean_intervals({"m": np.array([0.1])}, seed=1)["m"] == Interval(0.1, 0.1, 0.1)
    assert mean_intervals({}, seed=1) == {}
    nobody = list_intervals(np.zeros((0, 4), np.int64), CATALOGUE, seed=1)
    assert nobody["coverage"] == Interval(0.0, 0.0, 0.0)
    assert all(math.isnan(end) for metric in ("gini", "personalisation") for end in nobody[metric])


def test_a_group_tells_nothing_known_where_nothing_is_listed_or_nobody_has_a_group() -> None:
    nothing = mutual_information_interval(np.full((3, 2), -1), np.array([0, 1, 1]), np.array([0]), seed=1)
    no_group = mutual_information_interval(LISTS, np.full(60, -1), CATEGORIES, seed=1)
    no_category = mutual_information_interval(LISTS, GROUPS, np.full(30, -1), seed=1)

    assert all(math.isnan(end) for interval in (nothing, no_group, no_category) for end in interval)
    assert mutual_information_interval(LISTS, np.zeros(60, np.int64), CATEGORIES, seed=1) == (0, 0, 0)


def test_lists_that_are_all_equal_are_personal_in_no_resample() -> None:
    found = list_intervals(np.tile([3, 1], (40, 1)), CATALOGUE, seed=1)

    assert found["personalisation"] == Interval(0.0, 0.0, 0.0)
    assert found["coverage"] == pytest.approx([2 / 30] * 3)


def test_intervals_of_lists_stand_around_their_values_and_within_their_range() -> None:
    found = list_intervals(LISTS, CATALOGUE, seed=1)

    assert found["personalisation"].value == personalisation(LISTS, 30)
    assert all(
        0 <= interval.low < interval.value < interval.high <= 1 for interval in found.values() if interval.value < 1
    )
    told = mutual_information_interval(LISTS, GROUPS, CATEGORIES, seed=1)
    assert 0 <= told.low < told.value < told.high <= math.log2(3)


def test_items_outside_the_catalogue_are_no_part_of_coverage_and_gini() -> None:
    catalogue = np.array([False, True, True, False, True])

    found = list_intervals(np.array([[1, 2], [2, 1]]), catalogue, seed=1)

    assert found["coverage"] == pytest.approx([2 / 3] * 3)
    # Exposures 2, 2 and 0.
    assert found["gini"] == pytest.approx([1 / 3] * 3)


def test_an_interval_leaves_a_twentieth_of_the_resamples_outside() -> None:
    assert interval_of(50.0, np.append(np.arange(101.0), np.nan)) == Interval(50.0, 2.5, 97.5)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="users of the metrics; expected: equally many"):
        mean_intervals({"a": np.zeros(2), "b": np.zeros(3)}, seed=1)
    with pytest.raises(ValueError, match="metrics of both strategies; expected: \\['a'\\]; got: \\['b'\\]"):
        difference_intervals({"a": np.zeros(2)}, {"b": np.zeros(2)}, seed=1)
    with pytest.raises(ValueError, match="users of a in both strategies; expected: \\(2,\\); got: \\(3,\\)"):
        difference_intervals({"a": np.zeros(2)}, {"a": np.zeros(3)}, seed=1)
    with pytest.raises(ValueError, match="resamples; expected: 1 or more; got: 0"):
        mean_intervals(VALUES, seed=1, resamples=0)
    with pytest.raises(ValueError, match="listed items; expected: of the catalogue; got: item 2"):
        list_intervals(np.array([[0, 2]]), np.array([True, True, False]), seed=1)
    with pytest.raises(ValueError, match="groups of users; expected: 60; got: 2"):
        mutual_information_interval(LISTS, GROUPS[:2], CATEGORIES, seed=1)
