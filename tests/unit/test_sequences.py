from collections import defaultdict

import numpy as np
import pytest

from overture.core.purchases import Purchases
from overture.core.sequences import Sequences

SHOPPING = [
    # user, item, days ago
    (0, 5, 9),
    (0, 2, 3),
    (0, 5, 1),
    (2, 2, 0),
    (2, 5, 4),
    (2, 7, 4),
]


def purchases(rows: list[tuple[int, int, int]]) -> Purchases:
    users, items, days_ago = np.array(rows, np.int64).reshape(-1, 3).T
    return Purchases.of(users, items, days_ago)


def sequences(rows: list[tuple[int, int, int]], least_buyers: int = 1, seed: int = 1) -> dict[int, list[int]]:
    """Each user's sequence as positions in the history."""
    found = Sequences.of(purchases(rows), least_buyers, seed)
    parts = [found.items[found.codes[begin:end]].tolist() for begin, end in found.bounds]
    return dict(zip(found.users.tolist(), parts, strict=True))


def many() -> Purchases:
    random = np.random.default_rng(3)
    users, items, days_ago = random.integers(0, 20, 900), random.integers(0, 40, 900), random.integers(0, 90, 900)
    _, kept = np.unique(np.stack([users, items, days_ago]), axis=1, return_index=True)
    return Purchases.of(users[kept], items[kept], days_ago[kept])


def test_a_sequence_is_a_users_purchases_from_the_oldest_to_the_newest_with_repeats() -> None:
    assert sequences(SHOPPING)[0] == [5, 2, 5]
    assert sequences(SHOPPING)[2][-1] == 2


def test_items_of_too_few_buyers_are_in_no_sequence_and_users_of_such_alone_have_none() -> None:
    assert sequences([*SHOPPING, (3, 9, 1), (3, 9, 2)], least_buyers=2) == {0: [5, 2, 5], 2: [5, 2]}


def test_buyers_are_counted_as_users_and_not_as_purchases() -> None:
    assert sequences([(0, 1, day) for day in range(9)], least_buyers=2) == {}


def test_the_order_within_a_day_is_drawn_by_the_seed_and_not_that_of_the_catalogue() -> None:
    day = [(0, item, 7) for item in range(30)]
    drawn = sequences(day)[0]
    assert sorted(drawn) == list(range(30)) != drawn
    assert sequences(day)[0] == drawn
    assert sequences(day, seed=2)[0] != drawn


def test_no_purchase_is_before_one_of_an_earlier_day() -> None:
    all_of_them = many()
    found = Sequences.of(all_of_them, 1, seed=5)
    days_of: dict[tuple[int, int], list[int]] = defaultdict(list)
    for user, item, day in zip(all_of_them.users, all_of_them.items, all_of_them.days_ago, strict=True):
        days_of[user, item].append(day)
    for user, (begin, end) in zip(found.users, found.bounds, strict=True):
        # The oldest day of an item is that of its first place in the sequence, and so on.
        sequence = found.items[found.codes[begin:end]]
        left = {item: sorted(days_of[user, item]) for item in sequence}
        ages = [left[item].pop() for item in sequence]
        assert ages == sorted(ages, reverse=True)


@pytest.mark.parametrize("length", [1, 3, 7, 1000])
def test_windows_have_each_entry_but_the_first_follow_another_exactly_once(length: int) -> None:
    found = Sequences.of(many(), 1, seed=5)
    followers = [row for begin, end in found.windows(length) for row in range(begin + 1, end)]
    expected = [row for begin, end in found.bounds for row in range(begin + 1, end)]
    assert sorted(followers) == expected
    lengths = np.diff(found.windows(length)).ravel()
    assert (lengths.min(), lengths.max() <= length + 1) >= (2, True)


def test_a_users_newest_window_is_a_whole_one() -> None:
    found = Sequences.of(purchases([(0, item, 10 - item) for item in range(8)]), 1, seed=1)
    assert found.windows(3).tolist() == [[4, 8], [1, 5], [0, 2]]


def test_a_single_purchase_is_no_window_but_is_read_in_the_end() -> None:
    found = Sequences.of(purchases([(4, 1, 0)]), 1, seed=1)
    assert found.windows(5).shape == (0, 2)
    assert found.last(5).tolist() == [[0, 1]]


def test_what_is_read_in_the_end_is_the_newest_of_each_user() -> None:
    found = Sequences.of(purchases(SHOPPING), 1, seed=1)
    assert found.last(2).tolist() == [[1, 3], [4, 6]]


def test_without_purchases_there_are_no_sequences() -> None:
    found = Sequences.of(purchases([]), 1, seed=1)
    assert (len(found.users), len(found.items), found.windows(5).shape, found.last(5).shape) == (0, 0, (0, 2), (0, 2))
