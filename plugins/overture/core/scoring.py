"""What learnt strategies know that can be published: a score of every allowed item, and what each is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import positions_of
from overture.core.factors import Matrix
from overture.core.ranking import Positions, Scores
from overture.core.regularization import Regularization
from overture.core.strategies import Asked


class Learnt(Protocol):
    """What a strategy has learnt of a history."""

    @property
    def allowed(self) -> Positions:
        """Positions of the items that may be recommended, in order."""

    def scores(self, users: Positions) -> Matrix:
        """Return (users, allowed) float32; nan where nothing is known of one of them."""

    def contributions(self, users: Positions, history: Positions, targets: Positions) -> Scores:
        """Return (users, n, h) float64: what each item of a user's history adds to the score of each target.

        history: (users, h) item positions. targets: (users, n). Both are -1 where there is none; what stands in such a
        place is undefined. Summed over the whole history, and with `given`, contributions are the score.
        """

    def given(self, targets: Positions) -> Scores:
        """Return what is in each target's score whoever the user is, as float64 of the shape of `targets`."""


def best_of(learnt: Learnt, asked: Asked, k: int) -> tuple[Positions, Scores]:
    """Return each user's k best items of the task with their scores; -1 and 0 past the end of a short list."""
    scores = learnt.scores(asked.positions)
    items = asked.best_of_allowed(scores, k)
    column_of = np.full(len(asked.is_allowed), -1, np.int64)
    column_of[learnt.allowed] = np.arange(len(learnt.allowed))
    found = np.zeros(items.shape)
    rows, places = np.nonzero(items >= 0)
    found[rows, places] = scores[rows, column_of[items[rows, places]]]
    return items, found


@dataclass(frozen=True)
class FactorScores:
    """Scores that are dot products of factors.

    user_factors: (users, k) float32, item_factors: (items, k) float32, both in the history's order; a row of nan is
    unknown. confidence: (users, items) float32 CSR that the user factors were solved from, by the normal equations with
    the users' `regularization` (Hu, Koren and Volinsky, 2008, equation 4).
    """

    user_factors: Matrix
    item_factors: Matrix
    confidence: csr_matrix
    regularization: Regularization
    allowed: Positions

    def scores(self, users: Positions) -> Matrix:
        """Return the dot products.

        They are summed in float64 and rounded to float32: how BLAS sums depends on how many users are scored together,
        and the rounding takes that difference away.
        """
        left, right = self.user_factors[users], self.item_factors[self.allowed]
        return np.asarray(left.astype(np.float64) @ right.astype(np.float64).T, np.float32)

    def contributions(self, users: Positions, history: Positions, targets: Positions) -> Scores:
        """Split each score by section 5 of Hu, Koren and Volinsky (2008): y_i' W c_uj y_j, W = (Y'CY + reg I)^-1."""
        known = np.nan_to_num(self.item_factors)
        strength = self.regularization.of(self.confidence[users]).astype(np.float32)[:, None, None]
        gram = known.T @ known + strength * np.eye(known.shape[1], dtype=np.float32)
        confidence = values_at(self.confidence, users, history).astype(np.float32)
        items = known[history]
        normal = gram + np.matmul((items * np.maximum(confidence - 1, 0)[:, :, None]).transpose(0, 2, 1), items)
        solved = np.linalg.solve(normal.astype(np.float64), known[targets].transpose(0, 2, 1))
        addends = np.matmul(items, solved) * confidence[:, :, None]
        return np.asarray(addends.transpose(0, 2, 1), np.float64)

    def given(self, targets: Positions) -> Scores:
        """Return 0: all of a dot product comes from the user."""
        return np.zeros(targets.shape)


@dataclass(frozen=True)
class ItemScores:
    """Scores that are sums of weights between items.

    learnt: positions of the items that have weights, in order. weights: (learnt, learnt) float32; column j scores item
    j. values: (users, learnt) float32 CSR, what each user's items count.
    """

    learnt: Positions
    weights: Matrix
    values: csr_matrix
    allowed: Positions

    def scores(self, users: Positions) -> Matrix:
        """Return the sums; sparse products, whose sums do not depend on which users are scored together."""
        rows = self.values[users]
        found = np.full((len(users), len(self.allowed)), np.nan, np.float32)
        _, columns, kept = np.intersect1d(self.allowed, self.learnt, assume_unique=True, return_indices=True)
        found[:, columns] = rows @ np.ascontiguousarray(self.weights[:, kept])
        found[np.diff(rows.indptr) == 0] = np.nan
        return found

    def contributions(self, users: Positions, history: Positions, targets: Positions) -> Scores:
        """Return the weight of each history item for each target, times what the item counts."""
        source, target = positions_of(self.learnt, history), positions_of(self.learnt, targets)
        counts = np.where(source >= 0, values_at(self.values, users, source), 0.0)
        found = self.weights[source[:, None, :], target[:, :, None]] * counts[:, None, :]
        return np.where(target[:, :, None] >= 0, found, 0.0).astype(np.float64)

    def given(self, targets: Positions) -> Scores:
        """Return 0: all of a sum comes from the user's items."""
        return np.zeros(targets.shape)


@dataclass(frozen=True)
class SumOfScores:
    """The sum of what several have learnt, times a factor for each item, plus what anybody would do.

    Where one part knows nothing it adds 0; a sum below 0 counts as 0. The less a history tells, the nearer its sums are
    to 0, and the more the order is that of the prior.

    lift: (items,) float64, above 0, prior: (items,) float64, 0 or more, both in the history's order. Raises ValueError
    where the parts allow different items.
    """

    parts: Sequence[FactorScores | ItemScores]
    lift: Scores
    prior: Scores

    def __post_init__(self) -> None:
        if any(not np.array_equal(part.allowed, self.allowed) for part in self.parts):
            raise ValueError("parts; expected: the same allowed items; got: others")

    @property
    def allowed(self) -> Positions:
        """The items that every part allows."""
        return self.parts[0].allowed

    def scores(self, users: Positions) -> Matrix:
        """Return the sums; nan where no part knows anything."""
        found = [part.scores(users) for part in self.parts]
        total = np.maximum(np.sum([np.nan_to_num(each) for each in found], axis=0), 0)
        total = total * self.lift[self.allowed] + self.prior[self.allowed]
        total[np.all([np.isnan(each) for each in found], axis=0)] = np.nan
        return np.asarray(total, np.float32)

    def contributions(self, users: Positions, history: Positions, targets: Positions) -> Scores:
        """Return the sum of the parts' contributions, lifted as the targets' scores are."""
        total = np.sum([part.contributions(users, history, targets) for part in self.parts], axis=0)
        return np.asarray(total * self.lift[targets][:, :, None], np.float64)

    def given(self, targets: Positions) -> Scores:
        """Return the prior."""
        return np.asarray(self.prior[targets], np.float64)


def values_at(matrix: csr_matrix, rows: Positions, columns: Positions) -> npt.NDArray[np.float64]:
    """Return the value of each (row, column) as float64 of the shape of `columns`; 0 where nothing is stored.

    rows: (n,). columns: (n, m); a negative one is stored nowhere.

    >>> values_at(csr_matrix([[0, 2], [3, 0]]), np.array([1, 0]), np.array([[0, 1], [1, -1]])).tolist()
    [[3.0, 0.0], [2.0, 0.0]]
    """
    part = matrix[rows]
    keys = np.repeat(np.arange(len(rows)), np.diff(part.indptr)) * np.int64(matrix.shape[1]) + part.indices
    order = np.argsort(keys, kind="stable")
    keys, values = np.append(keys[order], -1), np.append(part.data[order], 0.0)
    wanted = np.arange(len(rows))[:, None] * np.int64(matrix.shape[1]) + columns
    at = np.minimum(np.searchsorted(keys[:-1], wanted), len(keys) - 1)
    return np.where((columns >= 0) & (keys[at] == wanted), values[at], 0.0).astype(np.float64)
