"""One fit, lists and their metrics with 1, 3, 10 and 30 million interactions: how time and memory grow."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np

from bench.machine import exponent, timed
from bench.planted import LENGTH, Plan, fit, plant
from overture.adapters.als import AlsParameters, one_blas_thread
from overture.configuration import load_config
from overture.core.metrics import judge_lists
from overture.core.ranking import rank_by_factors
from overture.cost import measured

MILLIONS = (1.0, 3.0, 10.0, 30.0)
PLAN = Plan(users=10_000, items=20_000, clusters=100, purchases=150, loyalty=0.6, skew=0.8, seed=7)
"""About one million interactions (pairs of a user and an item); more come from more users, the shelf stays."""

STAGES = ("fit", "rank", "metrics")


def main(scale: float = 1.0) -> None:
    """Print seconds of CPU and peak memory of each size, and their exponents; scale: a part of the sizes, as 0.01.

    Each size has a process of its own, so that none inherits another's memory.
    """
    found = []
    for millions in MILLIONS:
        command = [sys.executable, "-m", "bench.bench_scale", "alone", str(millions * scale)]
        found.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
        size = found[-1]
        stages = ", ".join(f"{stage} {size[stage]:.1f} s" for stage in STAGES)
        print(
            f"{size['interactions']:10,} interactions of {size['users']:,} users and {PLAN.items:,} items:"
            f" {size['cpu']:7.1f} s of CPU ({stages}), peak {size['peak_mb']:.0f} MB,"
            f" of which {size['input_mb']:.0f} MB were there before; nDCG@{LENGTH} {size['ndcg']:.3f}",
            flush=True,
        )
    sizes = [size["interactions"] for size in found]
    exponents = {name: exponent(sizes, [size[name] for size in found]) for name in (*STAGES, "cpu", "peak_mb")}
    of_stages = ", ".join(f"{stage} {exponents[stage]:.2f}" for stage in STAGES)
    print(f"seconds grow with interactions to the power of {exponents['cpu']:.2f} ({of_stages}; wanted: at most 1.1),")
    print(f"memory to the power of {exponents['peak_mb']:.2f}")


def _alone(millions: float) -> None:
    """Draw a shop, fit, rank and judge; print what it took as JSON. Drawing is not part of what is measured."""
    shop = plant(replace(PLAN, users=int(PLAN.users * millions)))
    parameters = AlsParameters.from_config(load_config("als"))
    everything = np.ones(PLAN.items, np.bool_)
    with measured() as before:
        pass
    with one_blas_thread(), measured() as cost:
        fitted = timed(lambda: fit(shop, parameters, os.cpu_count() or 1))
        factors = fitted.made
        ranked = timed(
            lambda: rank_by_factors(factors.user_factors, factors.item_factors, everything, shop.bought, LENGTH).items
        )
        judged = timed(lambda: judge_lists(ranked.made, shop.then))
    seconds = dict(zip(STAGES, (fitted.cpu, ranked.cpu, judged.cpu), strict=True))
    print(
        json.dumps(
            {
                **seconds,
                "cpu": sum(seconds.values()),
                "peak_mb": cost.peak_mb,
                "input_mb": before.peak_mb,
                "interactions": shop.bought.nnz,
                "users": shop.bought.shape[0],
                "ndcg": judged.made["ndcg"],
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["alone"]:
        _alone(float(sys.argv[2]))
    else:
        main(*map(float, sys.argv[1:]))
