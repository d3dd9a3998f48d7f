"""Fitting preference factors on a real day, against implicit called directly on the same matrix; and its growth."""

import os
import statistics
import time
from collections.abc import Callable

from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from bench.real_day import DAY, interactions, with_more_users
from overture.adapters.als import AlsParameters, fit_factors
from overture.configuration import load_config
from overture.core.behaviour import Interactions
from overture.core.confidence import Weights, confidence_of, weigh
from overture.cost import measured

REPEATS = 3


def main() -> None:
    """Print the ratio to implicit itself, then seconds and memory with 1, 2 and 4 times the users."""
    parameters, threads = AlsParameters.from_config(load_config("als")), os.cpu_count() or 1
    day = interactions()
    weights = weigh(day, day.weights, parameters.least_weight)
    print(f"{DAY}: {len(day.weights)} interactions, {weights.matrix.nnz} heavy enough, {threads} threads")
    direct, ours = _in_turn(lambda: _fit_directly(weights, parameters, threads), lambda: _fit(day, parameters, threads))
    print(f"implicit on the finished matrix: {direct:.2f} s")
    print(f"ours from the interactions:      {ours:.2f} s, ratio {ours / direct:.2f} (wanted: at most 1.10)")
    for times in (1, 2, 4):
        more = with_more_users(day, times)
        with measured() as cost:
            _fit(more, parameters, threads)
        print(f"{times} x users: {cost.seconds:.2f} s, {cost.seconds / ours:.2f} of once, peak {cost.peak_mb:.0f} MB")


def _fit(day: Interactions, parameters: AlsParameters, threads: int) -> None:
    fit_factors(weigh(day, day.weights, parameters.least_weight), parameters, threads)


def _fit_directly(weights: Weights, parameters: AlsParameters, threads: int) -> None:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=parameters.factors,
            regularization=parameters.regularization_for(weights).strength,
            iterations=parameters.iterations,
            num_threads=threads,
            random_state=parameters.seed,
        )
        model.fit(confidence_of(weights.matrix, parameters.alpha), show_progress=False)


def _in_turn(first: Callable[[], None], second: Callable[[], None]) -> tuple[float, float]:
    """Return the median seconds of both, taken in turn, so that a slower minute slows both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for taken, work in zip(seconds, (first, second), strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


if __name__ == "__main__":
    main()
