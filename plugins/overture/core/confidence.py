"""How sure we are that a user likes an item: interaction weights as the confidence matrix that ALS is fitted to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Ids, Interactions, need_positions
from overture.core.parameters import need_number


@dataclass(frozen=True)
class Weights:
    """Decayed interaction weights with the users and items that they belong to.

    matrix: float64 CSR of shape (users, items), sorted indices, every stored value above 0.
    user_ids, item_ids: sorted, unique; entry i names row (or column) i. Every row and column holds a value.
    """

    matrix: csr_matrix
    user_ids: Ids
    item_ids: Ids

    def __post_init__(self) -> None:
        expected = (len(self.user_ids), len(self.item_ids))
        if self.matrix.shape != expected:
            # A transposed matrix would be fitted without a word and give every user an item's taste.
            raise ValueError(f"matrix and ids disagree; expected: {expected}; got: {self.matrix.shape}")


def weigh(interactions: Interactions, weights: npt.NDArray[np.float64], least_weight: float) -> Weights:
    """Return the interactions that weigh at least `least_weight` as a matrix; users and items without any are left out.

    weights: one entry for each interaction, such as `interactions.weights`. The interactions may come in any order,
    the result is the same. Raises ValueError for a weight that is negative or not finite, a least weight that is, a
    position outside of the ids, and for a user and item that come twice.
    """
    need_number("least_weight", least_weight, 0)
    if len(weights) != len(interactions.users):
        got = len(weights)
        raise ValueError(f"weights; expected: one for each of {len(interactions.users)} interactions; got: {got}")
    need_positions("user", interactions.users, len(interactions.user_ids))
    need_positions("item", interactions.items, len(interactions.item_ids))
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("interaction weights; expected: finite, 0 or more; got: negative or not finite")
    kept = (weights >= least_weight) & (weights > 0)
    users, rows = np.unique(interactions.users[kept], return_inverse=True)
    items, columns = np.unique(interactions.items[kept], return_inverse=True)
    matrix = csr_matrix((weights[kept], (rows, columns)), shape=(len(users), len(items)))
    matrix.sum_duplicates()
    if matrix.nnz != int(kept.sum()):
        raise ValueError("interactions; expected: one for each user and item; got: a pair twice")
    return Weights(matrix, interactions.user_ids[users], interactions.item_ids[items])


def confidence_of(weights: csr_matrix, alpha: float) -> csr_matrix:
    """Return the confidence 1 + alpha * weight of every stored pair, as float32 CSR of the same shape.

    Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets" (2008), section 4: a pair that
    is not stored has confidence 1 in preference 0. Raises ValueError for an alpha that is negative or not finite, and
    for a confidence that is below 1 or beyond float32: a fit would make nothing but nan of it.

    >>> confidence_of(csr_matrix([[0.0, 2.0]]), alpha=0.5).toarray().tolist()
    [[0.0, 2.0]]
    """
    need_number("alpha", alpha, 0)
    with np.errstate(over="ignore"):
        confidence = (1.0 + alpha * weights.data).astype(np.float32)
    wrong = ~(np.isfinite(confidence) & (confidence >= 1))
    if wrong.any():
        raise ValueError(f"confidence; expected: finite, 1 or more; got: {int(wrong.sum())} others")
    return csr_matrix((confidence, weights.indices, weights.indptr), shape=weights.shape)
