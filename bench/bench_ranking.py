"""Ten items for every user of a real day, against implicit's own batch `recommend` on the same factors; its growth."""

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix, vstack

from bench.real_day import DAY, interactions
from overture.adapters.als import AlsParameters, fit_factors, one_blas_thread
from overture.configuration import load_config
from overture.core.behaviour import pairs_of
from overture.core.confidence import weigh
from overture.core.factors import Matrix
from overture.core.ranking import rank_by_factors
from overture.cost import measured

REPEATS = 5
LENGTH = 10
EXCLUDED_DAYS = 28
"""What was bought so lately is struck out."""

Lists = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """What is ranked: factors, which items may be, and what each user bought lately."""

    user_factors: Matrix
    item_factors: Matrix
    allowed: npt.NDArray[np.bool_]
    excluded: csr_matrix


def main() -> None:
    """Print the ratio to the faster of implicit's two ways to filter, then the growth with users."""
    task, threads = _task(), os.cpu_count() or 1
    print(f"{DAY}: {len(task.user_factors)} users, {task.allowed.sum()} allowed of {len(task.allowed)} items")
    seconds, lists = _in_turn(_ways(task, threads))
    theirs = min(taken for name, taken in seconds.items() if name != "ours")
    for name, taken in seconds.items():
        print(f"{name:28} {taken:6.2f} s")
    print(f"ours / the faster of implicit's: {seconds['ours'] / theirs:.2f} (wanted: at most 1.00)")
    same = (lists["ours"] == lists["implicit, filter_items"]).mean()
    print(f"places with the same item: {same:.3%} (the rest are sums that differ in the last bit)")
    for times in (1, 2, 4):
        more = Task(
            np.tile(task.user_factors, (times, 1)),
            task.item_factors,
            task.allowed,
            csr_matrix(vstack([task.excluded] * times)),
        )
        with measured() as cost:
            _rank(more)
        growth = cost.seconds / seconds["ours"]
        print(f"{times} x users: {cost.seconds:.2f} s, {growth:.2f} of once, peak {cost.peak_mb:.0f} MB")


def _task() -> Task:
    """Return a day's factors; allowed is what anybody bought lately, as a shop's shelf is."""
    day, parameters = interactions(), AlsParameters.from_config(load_config("als"))
    factors = fit_factors(weigh(day, day.weights, parameters.least_weight), parameters, os.cpu_count() or 1)
    lately = day.bought_days_ago < EXCLUDED_DAYS
    excluded = pairs_of(day, lately, factors.user_ids, factors.item_ids)
    return Task(factors.user_factors, factors.item_factors, excluded.getnnz(axis=0) > 0, excluded)


def _ways(task: Task, threads: int) -> Mapping[str, Callable[[], Lists]]:
    model = AlternatingLeastSquares(factors=task.user_factors.shape[1], num_threads=threads)
    model.user_factors, model.item_factors = task.user_factors, task.item_factors
    users = np.arange(len(task.user_factors))

    def recommend(**chosen: Lists) -> Lists:
        items, _ = model.recommend(users, task.excluded, N=LENGTH, **chosen)
        return np.asarray(items, np.int64)

    return {
        "implicit, filter_items": lambda: recommend(filter_items=np.flatnonzero(~task.allowed)),
        "implicit, items": lambda: recommend(items=np.flatnonzero(task.allowed)),
        "ours": lambda: _rank(task),
    }


def _rank(task: Task) -> Lists:
    return rank_by_factors(task.user_factors, task.item_factors, task.allowed, task.excluded, LENGTH).items


def _in_turn(ways: Mapping[str, Callable[[], Lists]]) -> tuple[dict[str, float], dict[str, Lists]]:
    """Return each way's median seconds and its lists; taken in turn, so that a slower minute slows all."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    lists: dict[str, Lists] = {}
    for _ in range(REPEATS):
        for name, work in ways.items():
            with one_blas_thread():
                start = time.perf_counter()
                lists[name] = work()
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}, lists


if __name__ == "__main__":
    main()
