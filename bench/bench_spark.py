"""Fitting factors to 10 million interactions: against implicit called by hand, and against ALS of Spark's MLlib."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from implicit.cpu.als import AlternatingLeastSquares
from pyarrow import parquet
from scipy.sparse import csr_matrix

from bench.machine import timed
from bench.planted import LENGTH, Plan, PlantedShop, fit, foreseen, plant
from overture.adapters.als import AlsParameters, one_blas_thread
from overture.configuration import load_config
from overture.core.confidence import confidence_of
from overture.core.factors import Matrix
from overture.core.ranking import rank_by_factors

CHECKOUT = Path(__file__).resolve().parent.parent
PLAN = Plan(users=100_000, items=20_000, clusters=100, purchases=150, loyalty=0.6, skew=0.8, seed=7)
"""10 million pairs of a user and an item."""

FACTORS, THREADS, MEMORY = 64, 2, "8g"

RELATIVE_REGULARIZATION = 0.02
"""Chosen for this shop at a twentieth of its size, by nDCG: 0.01 and 0.02 gave .45, 0.04 less, 0.08 far less."""

SCALED = "ours, scaled"
"""Ours with the regularization of Spark, which grows with a row's pairs; implicit by hand has one for all."""


@dataclass(frozen=True)
class Fitted:
    """The factors of one way, and what the fit took."""

    user_factors: Matrix
    item_factors: Matrix
    wall: float
    cpu: float


def main(scale: float = 1.0) -> None:
    """Print seconds and nDCG of each way and their ratios; scale: a part of the users and items, such as 0.01."""
    plan = replace(PLAN, users=int(PLAN.users * scale), items=int(PLAN.items * scale**0.5))
    shop = plant(plan)
    configured = AlsParameters.from_config(load_config("als"))
    parameters = replace(configured, factors=FACTORS, relative_regularization=RELATIVE_REGULARIZATION)
    print(f"{shop.bought.nnz} pairs of {plan.users} users and {plan.items} items, {FACTORS} factors,", end=" ")
    print(f"{parameters.iterations} iterations, {THREADS} threads", flush=True)
    ways: dict[str, Callable[[], Fitted]] = {
        "implicit": lambda: _implicit(shop, parameters),
        "ours": lambda: _ours(shop, parameters),
        SCALED: lambda: _ours(shop, replace(parameters, frequency_scaling=1.0)),
    }
    why = _why_no_spark()
    if why:
        print(f"Spark: LEFT OUT, {why}")
    else:
        ways["Spark"] = lambda: _spark(shop, parameters)
    fitted = {}
    for name, way in ways.items():
        fitted[name] = way()
        print(f"{name:13}{_line(shop, fitted[name])}", flush=True)
    for name, ours, wanted in (("implicit", "ours", "at least 0.91"), ("Spark", SCALED, "at least 5")):
        if name in fitted:
            wall, cpu = fitted[name].wall / fitted[ours].wall, fitted[name].cpu / fitted[ours].cpu
            print(f"{name} / {ours}: {wall:.2f} of seconds, {cpu:.2f} of CPU (wanted: {wanted})")


def _line(shop: PlantedShop, fitted: Fitted) -> str:
    everything = np.ones(shop.bought.shape[1], np.bool_)
    with one_blas_thread():
        lists = rank_by_factors(fitted.user_factors, fitted.item_factors, everything, shop.bought, LENGTH)
    ndcg = foreseen(shop, lists.items)
    return f"{fitted.wall:8.1f} s, {fitted.cpu:8.1f} s of CPU, nDCG@{LENGTH} of what came then {ndcg:.4f}"


def _ours(shop: PlantedShop, parameters: AlsParameters) -> Fitted:
    found = timed(lambda: fit(shop, parameters, THREADS))
    return Fitted(found.made.user_factors, found.made.item_factors, found.wall, found.cpu)


def _implicit(shop: PlantedShop, parameters: AlsParameters) -> Fitted:
    """Fit as one would by hand: the same confidence, and BLAS kept to one thread as implicit itself advises."""
    confidence = confidence_of(shop.bought, parameters.alpha)
    model = AlternatingLeastSquares(
        factors=parameters.factors,
        regularization=_regularization(shop, parameters),
        iterations=parameters.iterations,
        num_threads=THREADS,
        random_state=parameters.seed,
    )
    with one_blas_thread():
        found = timed(lambda: model.fit(confidence, show_progress=False))
    return Fitted(model.user_factors, model.item_factors, found.wall, found.cpu)


def _regularization(shop: PlantedShop, parameters: AlsParameters) -> float:
    return float(parameters.relative_regularization * np.sqrt(shop.bought.nnz))


def _why_no_spark() -> str:
    """Build Spark's environment where it is missing; return why it cannot be, "" if it stands."""
    if not shutil.which("java"):
        return "java is not on the path"
    command = [str(CHECKOUT / "scripts" / "environment"), "spark"]
    build = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    return (build.stderr.strip().splitlines() or ["scripts/environment spark failed"])[-1] if build.returncode else ""


def _spark(shop: PlantedShop, parameters: AlsParameters) -> Fitted:
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as scratch:
        folder = Path(scratch)
        pairs = shop.bought.tocoo()
        columns = {"user": pairs.row.astype(np.int32), "item": pairs.col.astype(np.int32)}
        parquet.write_table(pa.table({**columns, "rating": pairs.data.astype(np.float32)}), folder / "ratings.parquet")
        given = {
            **parameters.as_mapping(),
            "regularization": spark_regularization(shop.bought, _regularization(shop, parameters)),
            "threads": THREADS,
            "memory": MEMORY,
        }
        (folder / "parameters.json").write_text(json.dumps(given), encoding="utf-8")
        python = CHECKOUT / ".venv-spark" / "bin" / "python"
        command = [str(python), str(CHECKOUT / "bench" / "spark_als.py"), scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"bench: Spark ended with {done.returncode}:\n{done.stderr[-3000:]}")
        taken: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        users, items = (
            _factors(folder / f"{side}.parquet", count, parameters.factors)
            for side, count in zip(("users", "items"), shop.bought.shape, strict=True)
        )
    return Fitted(users, items, taken["wall"], taken["cpu"])


def spark_regularization(pairs: csr_matrix, regularization: float) -> float:
    """Return Spark's regParam for implicit's regularization.

    Spark multiplies it by the pairs of each user and item (Zhou et al., 2008), implicit does not. Only the product of
    the two sides counts, so this is where it is the same for a user and an item of middling size.
    """
    users, items = (np.median(counts[counts > 0]) for counts in (pairs.getnnz(axis=1), pairs.getnnz(axis=0)))
    return float(regularization / np.sqrt(users * items))


def _factors(path: Path, count: int, factors: int) -> Matrix:
    """Return what Spark wrote as (count, factors); 0 for what it has no factors of."""
    table = parquet.read_table(path)
    found = np.zeros((count, factors), np.float32)
    rows = table["features"].combine_chunks()
    found[table["id"].to_numpy()] = rows.flatten().to_numpy(zero_copy_only=False).reshape(-1, factors)
    return found


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
