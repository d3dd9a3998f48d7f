import numpy as np
import pytest

from overture.core.behaviour import Interactions, ItemFacts, Readers
from overture.core.history import VALUES, History, Items, Pairs, Users

USERS = np.array(["ana", "ben", "cy"])
ITEMS = np.array(["bread", "milk", "tea"])


def pairs(**changed: object) -> Pairs:
    arrays: dict[str, object] = {
        "users": [2, 0, 0],
        "items": [0, 2, 1],
        "counts": [1, 2, 0],
        "weights": [0.5, 0.0, 3.0],
        "last_days_ago": [7, 90, -1],
    }
    return Pairs(**{name: np.asarray(values) for name, values in (arrays | changed).items()})


def test_a_history_holds_what_was_bought_apart_from_what_weighs() -> None:
    history = History.of(USERS, ITEMS, pairs())
    assert history.counts.toarray().tolist() == [[0, 0, 2], [0, 0, 0], [1, 0, 0]]
    assert history.weights.toarray().tolist() == [[0, 3, 0], [0, 0, 0], [0.5, 0, 0]]
    assert (history.counts.nnz, history.weights.nnz) == (2, 2)
    assert history.last_days_ago.tolist() == [90, 7]
    assert history.last_days_ago.dtype == np.int64


def test_pairs_in_another_order_give_the_same_history() -> None:
    turned = Pairs(**{name: array[::-1] for name, array in vars(pairs()).items()})
    history = History.of(USERS, ITEMS, turned)
    assert history.counts.toarray().tolist() == [[0, 0, 2], [0, 0, 0], [1, 0, 0]]
    assert history.last_days_ago.tolist() == [90, 7]


def test_strategies_learn_from_ones_counts_or_weights_and_the_history_stays_as_it_is() -> None:
    history = History.of(USERS, ITEMS, pairs())
    sums = {kind: history.values(kind).sum() for kind in VALUES}
    assert sums == {"bought": 2.0, "counts": 3.0, "weights": 3.5}
    assert history.counts.data.tolist() == [2, 1]
    with pytest.raises(ValueError, match="values; expected: bought, counts, weights; got: 'clicks'"):
        history.values("clicks")


@pytest.mark.parametrize("name", ["counts", "weights"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_a_count_or_weight_that_is_negative_or_not_finite_is_refused(name: str, bad: float) -> None:
    with pytest.raises(ValueError, match=f"{name}; expected: finite, 0 or more; got: 1 negative or not finite"):
        pairs(**{name: [1.0, 2.0, bad]})


def test_a_pair_that_comes_twice_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match="got: 1 repeated, the first of user ana and item milk"):
        History.of(USERS, ITEMS, pairs(users=[2, 0, 0], items=[0, 1, 1]))


@pytest.mark.parametrize("bad", [-1, 3, 2**32, 2**32 + 1, 2**63 - 1])
def test_a_position_outside_of_the_ids_is_refused_also_beyond_32_bits(bad: int) -> None:
    with pytest.raises(ValueError, match=f"user positions; expected: 0 to 2; got: 1 others, the first {bad}"):
        History.of(USERS, ITEMS, pairs(users=[bad, 0, 0]))
    with pytest.raises(ValueError, match=f"item positions; expected: 0 to 2; got: 1 others, the first {bad}"):
        History.of(USERS, ITEMS, pairs(items=[0, 2, bad]))


def test_numbers_beyond_32_bits_may_name_users_and_items() -> None:
    large = np.array([2**31, 2**40, 2**62])
    history = History.of(large, large, pairs())
    assert history.user_ids.tolist() == [2**31, 2**40, 2**62]
    assert history.counts.nnz == 2


def test_pairs_are_told_apart_where_users_times_items_goes_beyond_32_bits() -> None:
    # 65,536 users times 65,536 items is 2^32: the first two pairs would be one.
    users, items = np.array([f"u{n:06}" for n in range(70_000)]), np.array([f"i{n:06}" for n in range(65_536)])
    history = History.of(users, items, pairs(users=[65_536, 0, 65_537], items=[0, 0, 1]))
    assert history.counts.nnz == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"counts": [1, 2]}, "arrays of one length"),
        ({"users": [0.0, 1.0, 2.0]}, "users; expected: whole numbers; got: float64"),
        ({"last_days_ago": [7, -1, -1]}, "days since the last purchase exactly where bought; got: 1 pairs"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pairs(**changed)


def test_ids_that_are_not_sorted_and_unique_are_refused() -> None:
    with pytest.raises(ValueError, match="user ids; expected: sorted and unique"):
        History.of(USERS[::-1], ITEMS, pairs())
    with pytest.raises(ValueError, match="item ids; expected: sorted and unique"):
        History.of(USERS, np.array(["bread", "tea", "tea"]), pairs())


def test_matrices_and_days_that_do_not_fit_the_ids_are_refused() -> None:
    history = History.of(USERS, ITEMS, pairs())
    with pytest.raises(ValueError, match=r"counts and ids disagree; expected: \(2, 3\); got: \(3, 3\)"):
        History(USERS[:2], ITEMS, history.counts, history.weights, history.last_days_ago)
    with pytest.raises(ValueError, match="got: 1 for 2 counts"):
        History(USERS, ITEMS, history.counts, history.weights, history.last_days_ago[:1])


def test_interactions_with_counts_are_pairs() -> None:
    given = pairs()
    behaviour = Interactions(
        USERS,
        ITEMS,
        given.users.astype(np.int32),
        given.items.astype(np.int32),
        given.weights,
        given.weights,
        np.zeros(3, np.int64),
        given.last_days_ago,
        "",
    )
    found = Pairs.of(behaviour, given.counts)
    assert {name: array.tolist() for name, array in vars(found).items()} == {
        name: array.tolist() for name, array in vars(given).items()
    }


FACTS = ItemFacts(
    np.array(["bread", "tea", "wine"]),
    np.array(["Bread", "Tea", "Wine"]),
    np.array(["bakery", "", "drinks"]),
    np.array([True, True, True]),
    np.array([True, True, False]),
    np.array([5.0, 3.0, 9.0]),
)


def test_an_item_without_facts_is_in_no_department_and_is_not_allowed() -> None:
    items = Items.of(FACTS, np.array(["bread", "milk", "tea", "wine"]))
    assert items.department_names.tolist() == ["bakery", "drinks"]
    assert items.departments.tolist() == [0, -1, -1, 1]
    assert items.buyers_28d.tolist() == [5, 0, 3, 9]
    assert items.is_allowed.tolist() == [True, False, True, False]


def test_without_any_facts_no_item_is_allowed() -> None:
    texts, nothing = np.array([], str), np.zeros(0, bool)
    items = Items.of(ItemFacts(texts, texts, texts, nothing, nothing, np.zeros(0)), ITEMS)
    assert items.is_allowed.tolist() == [False] * 3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"buyers_28d": np.array([1.0, np.nan])}, "buyers_28d; expected: finite"),
        ({"departments": np.array([0, 1])}, "departments; expected: -1 to 0; got: 0 to 1"),
        ({"departments": np.array([0])}, "one length"),
        ({"is_allowed": np.array([1, 0])}, "is_allowed; expected: truth values; got: int64"),
    ],
)
def test_facts_that_cannot_be_are_refused(changed: dict[str, np.ndarray], message: str) -> None:
    good = {"departments": np.array([0, -1]), "buyers_28d": np.ones(2), "is_allowed": np.ones(2, bool)}
    with pytest.raises(ValueError, match=message):
        Items(np.array(["bakery"]), **(good | changed))


def test_a_user_who_is_no_reader_or_has_no_favourite_has_none() -> None:
    readers = Readers(np.array(["ana", "cy", "dee"]), np.array(["drinks", "", "gone"]))
    users = Users.of(readers, np.array(["ana", "ben", "cy", "dee"]), np.array(["bakery", "drinks"]))
    assert users.favourite_departments.tolist() == [[1], [-1], [-1], [-1]]
    nobody = Readers(np.array([], str), np.array([], str))
    assert Users.of(nobody, USERS, np.array(["bakery"])).favourite_departments.tolist() == [[-1]] * 3


def test_favourites_without_a_row_for_each_user_are_refused() -> None:
    with pytest.raises(ValueError, match="one row for each user; got: 1 dimensions"):
        Users(np.array([0, 1], np.int32))
