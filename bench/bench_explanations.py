"""What each past purchase adds to each recommended item, for a whole day's rows: against implicit's `explain`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from bench.machine import timed
from bench.real_day import DAY, interactions
from overture.adapters.als import AlsParameters, fit_factors, one_blas_thread
from overture.configuration import load_config
from overture.core.confidence import confidence_of, weigh
from overture.core.explanations import blocks_of_like_length, padded_rows
from overture.core.factors import Matrix
from overture.core.ranking import rank_by_factors
from overture.core.regularization import Regularization
from overture.core.scoring import FactorScores

LENGTH, ASKED_USERS, SEED = 10, 40, 3

Positions = npt.NDArray[np.int64]
Added = tuple[Positions, Positions, npt.NDArray[np.float64]]
"""Users, their (users, h) past items, and what each adds to each target: (users, LENGTH, h).

What stands past the end of a user's history is undefined."""


@dataclass(frozen=True)
class Task:
    """A day's factors, what they were fitted to, and the recommended items of each user."""

    item_factors: Matrix
    confidence: csr_matrix
    regularization: Regularization
    targets: Positions

    def of(self, users: Positions) -> "Task":
        """Return some of the users."""
        return Task(self.item_factors, self.confidence[users], self.regularization, self.targets[users])


def main() -> None:
    """Print milliseconds of CPU a row of each way, their ratio, and the greatest difference of a contribution."""
    task = _task()
    rows = task.targets.size
    asked = np.sort(np.random.default_rng(SEED).choice(len(task.targets), ASKED_USERS, replace=False))
    with one_blas_thread():
        ours = timed(lambda: sum(added.size for _, _, added in contributions(task)))
        anew, kept = (timed(lambda keep=keep: _implicit(task, asked, keep)) for keep in (False, True))
    print(
        f"{DAY}: {len(task.targets)} users, {rows} rows, {task.confidence.nnz / len(task.targets):.0f} past items each"
    )
    print(f"ours, every row:                        {1000 * ours.cpu / rows:8.3f} ms of CPU a row, {ours.cpu:.1f} s")
    for name, theirs in (("each row by itself", anew), ("one user's weights kept", kept)):
        taken = theirs.cpu / (LENGTH * ASKED_USERS)
        print(
            f"implicit, {name + ', ' + str(LENGTH * ASKED_USERS) + ' rows:':36}{1000 * taken:8.3f} ms of CPU a row,"
            f" {taken / (ours.cpu / rows):.0f} times ours"
        )
    print(f"the greatest difference of a contribution: {greatest_difference(task, asked, anew.made):.1e}")
    print("wanted: at least 20 times faster than row by row, equal within 1e-4")


def contributions(task: Task) -> Iterator[Added]:
    """Give all contributions in blocks of users: the one place that knows how the project computes them."""
    n, k = task.confidence.shape[0], task.item_factors.shape[1]
    allowed = np.arange(len(task.item_factors))
    no_users = np.zeros((n, k), np.float32)  # contributions are solved from the confidence alone
    learnt = FactorScores(no_users, task.item_factors, task.confidence, task.regularization, allowed)
    for users in blocks_of_like_length(task.confidence, LENGTH):
        past = padded_rows(task.confidence, users)
        yield users, past, learnt.contributions(users, past, task.targets[users])


def _task() -> Task:
    day, parameters = interactions(), AlsParameters.from_config(load_config("als"))
    weights = weigh(day, day.weights, parameters.least_weight)
    factors = fit_factors(weights, parameters, 1)
    lists = rank_by_factors(
        factors.user_factors, factors.item_factors, np.ones(len(factors.item_ids), np.bool_), weights.matrix, LENGTH
    )
    confidence = confidence_of(weights.matrix, parameters.alpha)
    return Task(factors.item_factors, confidence, parameters.regularization_for(weights), lists.items)


def _implicit(task: Task, users: Positions, keep: bool) -> list[list[tuple[int, float]]]:
    """Return each row's past items with their contributions; keep: hand a user's weights on from row to row."""
    model = AlternatingLeastSquares(
        factors=task.item_factors.shape[1], regularization=task.regularization.strength, alpha=1.0, num_threads=1
    )
    model.item_factors, found = task.item_factors, []
    everything = task.confidence.shape[1]
    for user in users:
        weights = None
        for target in task.targets[user]:
            _, contributing, solved = model.explain(user, task.confidence, target, weights, N=everything)
            weights = solved if keep else None
            found.append(contributing)
    return found


def greatest_difference(task: Task, asked: Positions, theirs: list[list[tuple[int, float]]]) -> float:
    """Return by how much a contribution of these users differs at most; theirs: what implicit says of each row."""
    shape = (len(asked), LENGTH, task.confidence.shape[1])
    ours, expected = np.zeros(shape), np.zeros(shape)
    for users, items, added in contributions(task.of(asked)):
        user, place = np.nonzero(np.arange(items.shape[1]) < np.diff(task.confidence.indptr)[asked[users]][:, None])
        ours[users[user], :, items[user, place]] = added[user, :, place]
    for row, contributing in zip(expected.reshape(-1, shape[2]), theirs, strict=True):
        items, values = zip(*contributing, strict=True)
        row[list(items)] = values
    return float(np.abs(ours - expected).max())


if __name__ == "__main__":
    main()
