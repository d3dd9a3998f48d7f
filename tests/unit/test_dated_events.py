"""Weights of any earlier day and half-life, made from single events, beside what one counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core.dated_events import DatedEvents, FadingPairs

USERS, ITEMS, TYPES = np.array(["u0", "u1", "u2"]), np.array(["i0", "i1"]), np.array(["buy", "view"])
EVENT = st.tuples(
    st.integers(0, 2), st.integers(0, 1), st.integers(0, 1), st.integers(0, 30), st.integers(0, 9), st.integers(1, 3)
)


def events_of(rows: list[tuple[int, ...]]) -> DatedEvents:
    """Rows of user, item, type, age of the event, days that its arrival took, count."""
    users, items, kinds, ages, late, counts = np.array(rows, np.int64).reshape(-1, 6).T
    return DatedEvents.of((USERS, ITEMS, TYPES), (users, items, kinds), (ages, np.maximum(ages - late, 0)), counts)


@given(st.lists(EVENT, max_size=40), st.integers(0, 15), st.floats(0.5, 200))
def test_a_weight_is_the_sum_of_what_was_known_by_the_day_each_halved_with_its_age(
    rows: list[tuple[int, ...]], days_before: int, half_life: float
) -> None:
    pairs = FadingPairs.of(events_of(rows), days_before)
    found = dict(
        zip(
            zip(pairs.users.tolist(), pairs.items.tolist(), strict=True),
            pairs.weights(half_life, np.array([1.0, 0.25])).tolist(),
            strict=True,
        )
    )
    expected: dict[tuple[int, int], float] = {}
    for user, item, kind, age, late, count in rows:
        if age >= days_before and max(age - late, 0) >= days_before:
            weight = (1.0, 0.25)[kind] * count * 0.5 ** ((age - days_before) / half_life)
            expected[user, item] = expected.get((user, item), 0) + weight
    assert found == pytest.approx(expected)


@given(st.lists(EVENT, min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_the_order_in_which_events_come_changes_no_bit(rows: list[tuple[int, ...]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(rows, len(rows))
    one, other = (FadingPairs.of(events_of(each), 3).weights(7.0, np.array([1.0, 0.3])) for each in (rows, shuffled))
    assert one.tobytes() == other.tobytes()


def test_equal_events_that_come_in_parts_count_the_same_in_either_order() -> None:
    parts = [(0, 0, 0, 4, 0, 1), (0, 0, 0, 18, 0, 1), (0, 0, 0, 18, 0, 2)]
    for each in (parts, [parts[0], *parts[:0:-1]]):
        assert events_of([(0, 0, 0, 0, 0, 1)] * 3 + each).counts.tolist() == [1, 1, 1, 1, 1, 2]


def test_a_half_life_that_is_not_above_0_is_refused() -> None:
    with pytest.raises(ValueError, match="half-life"):
        FadingPairs.of(events_of([(0, 0, 0, 1, 0, 1)]), 0).weights(0, np.ones(2))


@pytest.mark.parametrize(
    ("known", "count", "said"),
    [([2, 0], [1, 1], "known on or after"), ([-1, 0], [1, 1], "known on or after"), ([1, 0], [1], "one length")],
)
def test_events_that_cannot_be_are_refused(known: list[int], count: list[int], said: str) -> None:
    zeros, ages = np.zeros(2, np.int32), np.array([1, 0], np.int32)
    with pytest.raises(ValueError, match=said):
        DatedEvents(USERS, ITEMS, TYPES, zeros, zeros, zeros, ages, np.array(known), np.array(count))
