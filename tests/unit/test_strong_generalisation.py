import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix

from bench.strong_generalisation import LENGTH, HeldOut, Likes, Split, published_metrics, split

USERS, HELD_OUT = 300, 40


def generated_ratings(seed: int = 3) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Half-star ratings in an order of chance; the last users rate few items, the last items have few raters."""
    random = np.random.default_rng(seed)
    rated = random.random((USERS, 120)) < np.linspace(0.6, 0.02, USERS)[:, None] * np.linspace(1, 0.02, 120)
    users, items = np.nonzero(rated)
    order = random.permutation(len(users))
    return 7 * users[order] + 1, 1000 - items[order], random.integers(1, 11, len(users)) / 2


LIKES = Likes.of(*generated_ratings())
PARTS = split(LIKES, HELD_OUT, seed=1)


def numbers_of(ids: npt.NDArray[np.str_]) -> set[int]:
    return {int(name) for name in ids}


def pairs_of(held_out: HeldOut, matrix: csr_matrix, parts: Split = PARTS) -> set[tuple[int, int]]:
    rows, columns = matrix.nonzero()
    return {(int(held_out.users[row]), int(parts.item_ids[column])) for row, column in zip(rows, columns, strict=True)}


def test_a_like_is_a_rating_of_four_or_more_by_a_user_with_five_of_them() -> None:
    users = np.array([1] * 6 + [2] * 6)
    items = np.arange(12)
    ratings = np.array([4.0, 4.5, 5.0, 4.0, 4.0, 3.5, 4.0, 4.0, 4.0, 4.0, 3.5, 0.5])

    likes = Likes.of(users, items, ratings)

    assert likes.users.tolist() == [1] * 5
    assert likes.items.tolist() == [0, 1, 2, 3, 4]


def test_nobody_is_in_two_parts_and_everybody_in_one() -> None:
    train, validation, test = numbers_of(PARTS.user_ids), set(PARTS.validation.users), set(PARTS.test.users)

    assert len(validation) == len(test) == HELD_OUT
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert train | validation | test == set(LIKES.users)


def test_what_is_learnt_from_is_what_the_training_users_like() -> None:
    rows, columns = PARTS.train.nonzero()
    learnt = {(int(PARTS.user_ids[r]), int(PARTS.item_ids[c])) for r, c in zip(rows, columns, strict=True)}
    train = numbers_of(PARTS.user_ids)

    assert learnt == {pair for pair in zip(LIKES.users.tolist(), LIKES.items.tolist(), strict=True) if pair[0] in train}
    assert set(PARTS.train.data) == {1.0}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_targets_never_overlap_fold_in_and_together_they_are_the_likes_of_known_items(part: str) -> None:
    held_out = getattr(PARTS, part)
    folded, targets = pairs_of(held_out, held_out.fold_in), pairs_of(held_out, held_out.targets)
    known, users = numbers_of(PARTS.item_ids), set(held_out.users)
    liked = set(zip(LIKES.users.tolist(), LIKES.items.tolist(), strict=True))

    assert targets
    assert not folded & targets
    assert folded | targets == {(user, item) for user, item in liked if user in users and item in known}


def test_items_that_no_training_user_likes_are_left_out() -> None:
    # Item 99 is liked by one user only; with a seed that holds the user out, nobody knows it.
    users, items = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
    likes = Likes(np.append(users, 4), np.append(items, 99))
    for seed in range(9):
        parts = split(likes, 3, seed)
        assert (99 in numbers_of(parts.item_ids)) == (4 in numbers_of(parts.user_ids))
    assert any(4 in split(likes, 3, seed).test.users for seed in range(9))


def test_one_in_five_of_a_users_likes_is_a_target_rounded_down() -> None:
    for held_out in (PARTS.validation, PARTS.test):
        targets, folded = np.diff(held_out.targets.indptr), np.diff(held_out.fold_in.indptr)
        assert targets.tolist() == ((targets + folded) // 5).tolist()


def test_the_same_seed_gives_the_same_parts_and_another_seed_others() -> None:
    again, other = split(LIKES, HELD_OUT, seed=1), split(LIKES, HELD_OUT, seed=2)

    assert again.test.users.tolist() == PARTS.test.users.tolist()
    assert (again.test.targets != PARTS.test.targets).nnz == 0
    assert other.test.users.tolist() != PARTS.test.users.tolist()


def test_targets_are_drawn_from_all_of_a_users_likes() -> None:
    # Each of ten items must be somebody's target: a draw that takes the first or the last ones misses most.
    likes = Likes(np.repeat(np.arange(200), 10), np.tile(np.arange(10), 200))

    found = np.bincount(split(likes, 80, seed=5).test.targets.indices, minlength=10)

    assert found.sum() == 160
    assert found.min() >= 5


def test_too_few_users_and_repeated_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="users; expected: more than the 6 held out; got: 6"):
        split(Likes(np.arange(6), np.arange(6)), 3, seed=1)
    with pytest.raises(ValueError, match="likes; expected: one for each user and item; got: 1 repeated"):
        split(Likes(np.array([1, 1, 2, 3]), np.array([5, 5, 5, 5])), 1, seed=0)


def test_recall_and_ndcg_are_as_by_hand() -> None:
    targets = np.zeros((3, 200))
    targets[0, [0, 1, 30, 150]] = 1  # places 1, 2 and 31; the last is past the list
    targets[1, :60] = 1  # more targets than 20 or 50: all of the first places
    lists = np.tile(np.arange(LENGTH), (3, 1))

    found = published_metrics(lists, csr_matrix(targets))

    # The third user has no target and is not judged.
    assert found["Recall@20"].tolist() == [2 / 4, 20 / 20]
    assert found["Recall@50"].tolist() == [3 / 4, 50 / 50]
    best = sum(1 / np.log2(place + 1) for place in (1, 2, 3, 4))
    got = sum(1 / np.log2(place + 1) for place in (1, 2, 31))
    np.testing.assert_allclose(found["nDCG@100"], [got / best, 1.0])


def test_lists_that_are_too_short_for_the_metrics_are_refused() -> None:
    with pytest.raises(ValueError, match="lists; expected: 100 places; got: 20"):
        published_metrics(np.zeros((1, 20), np.int64), csr_matrix((1, 200)))
