"""Recommendations from items that go together: EASE, a linear model in closed form, and RP3beta, walks on a graph."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack
from scipy.sparse import csr_matrix

from overture.core.factors import Matrix
from overture.core.history import BOUGHT, VALUES, History, Items, Users
from overture.core.parameters import need_number, need_one_of, need_whole
from overture.core.ranking import PART, Positions, best_columns
from overture.core.scoring import ItemScores, best_of
from overture.core.strategies import Asked, Recommend, no_lists

BLOCK_BYTES = 32 * 2**20
"""Upper bound for the similarities of one block of items to all items."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""Stands for "above 0"."""


@dataclass(frozen=True)
class Ease:
    """Each item's score is a weighted sum of what the user bought, the weights learnt by ridge regression.

    Steck, "Embarrassingly shallow autoencoders for sparse data" (2019), equation 8: with P the inverse of
    X'X + regularization I, the weight of item i for item j is -P_ij / P_jj, and 0 of an item for itself. So an item
    bought before is scored by what goes with it, not by itself.

    regularization: above 0. items: only so many of the most bought are learnt from and scored, others are never in a
    list; memory grows with its square (24 bytes for each pair of items, 0.4 GB for 4000), time with its cube. values:
    one of VALUES. The Gram matrix and its inverse are float64, the weights float32; the last bits of the inverse
    depend on the number of BLAS threads. Raises ValueError for a parameter out of range.
    """

    regularization: float = 300.0
    items: int = 4000
    values: str = BOUGHT

    def __post_init__(self) -> None:
        need_number("regularization", self.regularization, SMALLEST)
        need_whole("items", self.items, 1)
        need_one_of("values", self.values, VALUES)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn the weights; without any purchase every list is empty."""
        learnt = self.learn(interactions, items)
        return no_lists if learnt is None else lambda asked, k: best_of(learnt, asked, k)[0]

    def learn(self, interactions: History, items: Items) -> ItemScores | None:
        """Learn the weights and return what scores by them; None without any purchase."""
        values = interactions.values(self.values)
        kept = _most_bought(values, self.items)
        if not len(kept):
            return None
        bought = values[:, kept]
        weights = ease_weights(bought, self.regularization)
        return ItemScores(kept, weights, bought.astype(np.float32), np.flatnonzero(items.is_allowed))


def ease_weights(bought: csr_matrix, regularization: float) -> Matrix:
    """Return EASE's float32 (items, items) weights of (users, items) values; column j scores item j, its diagonal is 0.

    Raises ValueError where the Gram matrix cannot be inverted in float64: a regularization too small for the values.
    """
    gram = (bought.T @ bought).toarray()
    gram[np.diag_indices_from(gram)] += regularization
    # The transpose of a symmetric matrix is itself, in the order in which LAPACK takes it without a copy.
    factor, failed = lapack.dpotrf(gram.T, lower=True, overwrite_a=True)
    if failed:
        raise ValueError(f"regularization; expected: enough to invert the Gram matrix; got: {regularization}")
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    weights = np.tril(inverse)
    weights += np.tril(inverse, -1).T
    weights /= -np.diag(inverse).copy()
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, np.float32)


def _most_bought(values: csr_matrix, count: int) -> Positions:
    """Return, in order of position, the `count` items that most users have; of equals the first, never one of none."""
    buyers = np.bincount(values.indices, minlength=values.shape[1])
    order = np.argsort(-buyers, kind="stable")[:count]
    return np.sort(order[buyers[order] > 0])


@dataclass(frozen=True)
class Rp3Beta:
    """Where a random walk of three steps, user to item to user to item, ends, less what every walk ends in.

    Paudel, Christoffel, Newell and Bernstein, "Updatable, accurate, diverse, and scalable recommendations for
    interactive applications" (2017): each step's probability to the power `alpha`, the whole divided by the number of
    the last item's users to the power `beta`. An item is a neighbour of itself, as a walk may return.

    alpha, beta: 0 or more. neighbours: only so many strongest items after each item are kept. values: one of VALUES;
    a step goes along an edge in proportion to it. Sums are float64, what is kept float32. Raises ValueError for a
    parameter out of range.
    """

    alpha: float = 1.0
    beta: float = 0.6
    neighbours: int = 100
    values: str = BOUGHT

    def __post_init__(self) -> None:
        need_number("alpha", self.alpha, 0)
        need_number("beta", self.beta, 0)
        need_whole("neighbours", self.neighbours, 1)
        need_one_of("values", self.values, VALUES)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn each item's neighbours; without any purchase every list is empty."""
        learnt = interactions.values(self.values)
        to_items = _steps(learnt, self.alpha)
        to_users = _steps(learnt.T.tocsr(), self.alpha)
        degree = np.bincount(learnt.indices, minlength=learnt.shape[1])
        neighbours = strongest_neighbours(to_users, to_items, np.maximum(degree, 1) ** -self.beta, self.neighbours)
        first_step = to_items.astype(np.float32)

        def recommend(asked: Asked, k: int) -> Positions:
            return asked.best((first_step[asked.positions] @ neighbours).toarray(), k, without_zeros=True)

        return recommend


def _steps(edges: csr_matrix, alpha: float) -> csr_matrix:
    """Return each row's edges as probabilities, to the power alpha."""
    lengths = np.diff(edges.indptr)
    totals = np.repeat(np.asarray(edges.sum(axis=1)).ravel(), lengths)
    return csr_matrix(((edges.data / totals) ** alpha, edges.indices, edges.indptr), shape=edges.shape)


def strongest_neighbours(
    to_users: csr_matrix, to_items: csr_matrix, scale: npt.NDArray[np.float64], count: int
) -> csr_matrix:
    """Return the `count` greatest values above 0 of each row of to_users @ to_items * scale; of equals the first.

    to_users: (items, users) CSR. to_items: (users, items) CSR. scale: (items,), one factor for each column. Returns a
    float32 (items, items) CSR. Items are taken in blocks: the whole product would be nearly dense.
    """
    items = to_items.shape[1]
    width = -(-items // PART) * PART
    padded = csr_matrix((to_items.data, to_items.indices, to_items.indptr), shape=(to_items.shape[0], width))
    scales = np.zeros(width, np.float32)
    scales[:items] = scale
    size = max(1, BLOCK_BYTES // (4 * max(1, width)))
    found = [np.zeros((3, 0))]
    for start in range(0, items, size):
        part = to_users[start : start + size] @ padded
        scores = csr_matrix((part.data.astype(np.float32), part.indices, part.indptr), shape=part.shape).toarray()
        scores *= scales
        scores[scores <= 0] = -np.inf
        rows, columns, _ = best_columns(scores, count)
        found.append(np.stack([start + rows, columns, scores[rows, columns]]))
    rows, columns, values = np.concatenate(found, axis=1)
    places = (rows.astype(np.int64), columns.astype(np.int64))
    return csr_matrix((values.astype(np.float32), places), shape=(items, items))
