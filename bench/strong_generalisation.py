"""The strong-generalisation protocol of Liang et al.: learn from some users, then foresee what others like.

Liang, Krishnan, Hoffman and Jebara, "Variational autoencoders for collaborative filtering" (2018), section 4: held-out
users are not in the fit. The model sees a part of what they like, the fold-in, and ranks for the rest, the targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Ids
from overture.core.metrics import hits_of, judge_users

LEAST_RATING = 4.0
"""A rating from here up is a like; ratings below are left out."""

LEAST_LIKES = 5
"""Users with fewer likes are left out."""

TARGETS_ONE_IN = 5
"""One in so many of a held-out user's likes is a target, rounded down: 20 %."""

RECALL_AT = (20, 50)
NDCG_AT = 100
LENGTH = max(*RECALL_AT, NDCG_AT)

Numbers = npt.NDArray[np.integer[Any]]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Likes:
    """Who likes what, as parallel arrays of the data set's own numbers; no user and item come twice."""

    users: Numbers
    items: Numbers

    @classmethod
    def of(cls, users: Numbers, items: Numbers, ratings: npt.NDArray[np.floating[Any]]) -> "Likes":
        """Return the pairs rated LEAST_RATING or more, of users with LEAST_LIKES such pairs or more."""
        liked = ratings >= LEAST_RATING
        users, items = users[liked], items[liked]
        _, user, counts = np.unique(users, return_inverse=True, return_counts=True)
        kept = counts[user] >= LEAST_LIKES
        return cls(users[kept], items[kept])


@dataclass(frozen=True)
class HeldOut:
    """Users whom the fit does not know, with what they like.

    users: (n,) the data set's numbers, in the order of the rows. fold_in, targets: (n, training items) float32 CSR of
    ones, sorted indices, no pair in both. A user with too few likes of training items has no target.
    """

    users: Numbers
    fold_in: csr_matrix
    targets: csr_matrix


@dataclass(frozen=True)
class Split:
    """The three parts; nobody is in two of them.

    train: (users, items) float64 CSR of ones; each row and column holds one. user_ids, item_ids: sorted, unique, name
    its rows and columns. validation, test: over the same items.
    """

    train: csr_matrix
    user_ids: Ids
    item_ids: Ids
    validation: HeldOut
    test: HeldOut


def split(likes: Likes, held_out: int, seed: int) -> Split:
    """Return so many users for validation, as many others for the test, and the rest to learn from.

    Users are shuffled, and each one's targets drawn, by `seed`. Items that no training user likes are left out before
    the targets are drawn. Raises ValueError where no user is left to learn from, and for a pair that comes twice.
    """
    random = np.random.default_rng(seed)
    users, user = np.unique(likes.users, return_inverse=True)
    if len(users) <= 2 * held_out:
        raise ValueError(f"users; expected: more than the {2 * held_out} held out; got: {len(users)}")
    shuffled = random.permutation(len(users))
    # 0 is the test, 1 the validation, 2 and up the training.
    part = np.argsort(shuffled)[user] // held_out
    items = np.unique(likes.items[part >= 2])
    item = np.minimum(np.searchsorted(items, likes.items), len(items) - 1)
    is_known = items[item] == likes.items

    def likes_of(chosen: npt.NDArray[np.bool_], rows: Positions) -> csr_matrix:
        row_of = np.full(len(users), -1, np.int64)
        row_of[rows] = np.arange(len(rows))
        return _ones(row_of[user[chosen]], item[chosen], (len(rows), len(items)))

    test, validation, train = (np.sort(rows) for rows in np.split(shuffled, [held_out, 2 * held_out]))
    return Split(
        train=likes_of(part >= 2, train).astype(np.float64),
        user_ids=_names(users[train]),
        item_ids=_names(items),
        validation=_hold_out(users[validation], likes_of((part == 1) & is_known, validation), random),
        test=_hold_out(users[test], likes_of((part == 0) & is_known, test), random),
    )


def _names(numbers: Numbers) -> Ids:
    """Return numbers as text of one length, so that they sort as text as they do as numbers."""
    return np.char.mod("%010d", numbers)


def _ones(rows: Positions, columns: Numbers, shape: tuple[int, int]) -> csr_matrix:
    matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    if matrix.nnz != len(rows):
        raise ValueError(f"likes; expected: one for each user and item; got: {len(rows) - matrix.nnz} repeated")
    return matrix


def _hold_out(users: Numbers, likes: csr_matrix, random: np.random.Generator) -> HeldOut:
    lengths = np.diff(likes.indptr)
    row = np.repeat(np.arange(len(users)), lengths)
    # Each row's entries in an order of chance; the first of them are the targets.
    order = np.lexsort((random.random(likes.nnz), row))
    place = np.arange(likes.nnz) - np.repeat(likes.indptr[:-1], lengths)
    is_target = np.zeros(likes.nnz, np.bool_)
    is_target[order] = place < lengths[row] // TARGETS_ONE_IN
    fold_in, targets = (_ones(row[kept], likes.indices[kept], likes.shape) for kept in (~is_target, is_target))
    return HeldOut(users, fold_in, targets)


def published_metrics(lists: Positions, targets: csr_matrix) -> Mapping[str, npt.NDArray[np.float64]]:
    """Return Recall@20, Recall@50 and nDCG@100 of each user with a target, each from 0 to 1.

    lists: (users, LENGTH) item positions, best first, -1 past a short list's end. targets: (users, items) CSR.

    Liang et al., section 4.2. Recall@k: found targets / the smaller of k and the number of targets, so that 1 can
    always be reached; `overture.core.metrics` divides by the number of targets alone. nDCG@100 is the one of
    `overture.core.metrics`: gain 1, discount 1/log2(place + 1), over the best possible list of 100.
    """
    if lists.shape[1] != LENGTH:
        raise ValueError(f"lists; expected: {LENGTH} places; got: {lists.shape[1]}")
    judged = judge_users(lists[:, :NDCG_AT], targets)
    hits = hits_of(lists, targets)[judged.users]
    counts = np.diff(targets.indptr)[judged.users]
    recalls = {f"Recall@{k}": hits[:, :k].sum(axis=1) / np.minimum(k, counts) for k in RECALL_AT}
    return {**recalls, f"nDCG@{NDCG_AT}": judged.values["ndcg"]}
