"""Public numbers on MovieLens-20M, where its file lies here, and a drawn shop whose clusters ALS must find again."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyarrow import csv
from scipy.sparse import csr_matrix

from bench.planted import (
    LENGTH,
    Plan,
    PlantedShop,
    fit,
    foreseen,
    items_recovered,
    lists_of,
    own_cluster_share,
    plant,
    shuffled,
)
from bench.strong_generalisation import LENGTH as PUBLISHED_LENGTH
from bench.strong_generalisation import HeldOut, Likes, Split, published_metrics, split
from overture.adapters.als import AlsParameters, fit_factors, fold_in
from overture.configuration import load_config
from overture.core.confidence import Weights, confidence_of
from overture.core.item_models import ease_weights
from overture.core.ranking import rank_by_factors
from overture.core.strategies import DISCOVER, Asked

VARIABLE = "OVERTURE_MOVIELENS"
"""The environment variable with the path of MovieLens-20M's ratings.csv."""

HELD_OUT, SEED = 10_000, 20180423

# Rendle, Krichene, Zhang and Koren, "Revisiting the performance of iALS on item recommendation benchmarks" (2022), use
# an unobserved weight of 0.1 and a regularization of 0.003 that grows with a row's pairs. Ours is in units of the
# unobserved weight and the same for all rows: alpha is 1/0.1, and theirs comes to about 60 for a user and 360 for an
# item of middling size. Only the product of the two sides counts, so 150, 0.05 times the root of 8.5 million pairs.
# Computed, not yet tried on the data: whoever tries others chooses by the validation users alone.
PARAMETERS = AlsParameters(
    factors=512, relative_regularization=0.05, iterations=16, alpha=10.0, least_weight=0.0, seed=SEED
)

EASE_REGULARIZATION = 500.0
"""As Steck, "Embarrassingly shallow autoencoders for sparse data" (2019), chose for this data set."""

EASE_BLOCK_USERS = 500

METRICS = ("Recall@20", "Recall@50", "nDCG@100")
TARGETS = {
    "als, wanted of the test": (0.385, 0.520, 0.415),
    "EASE, Steck (2019)": (0.391, 0.521, 0.420),
    "Mult-VAE, Liang et al. (2018)": (0.395, 0.537, 0.426),
    "iALS, Rendle et al. (2022)": (0.395, 0.532, 0.425),
}

PLAN = Plan(users=3000, items=1000, clusters=20, purchases=30, loyalty=0.6, skew=0.8, seed=SEED)

Positions = npt.NDArray[np.int64]
Lists = Callable[[csr_matrix], Positions]
"""From (users, items) CSR of what users like to (users, PUBLISHED_LENGTH) items, nothing that is liked already."""


def main() -> None:
    """Print what MovieLens-20M gives beside what is published, if its file is here; then what the drawn shop gives."""
    path = os.environ.get(VARIABLE, "")
    if path and Path(path).is_file():
        _movielens(Path(path))
    else:
        why = f"{path} is no file" if path else "is not set"
        print(f"MovieLens-20M: LEFT OUT, {VARIABLE} {why}; bench/README.md says where to get ratings.csv")
    _planted()


def _movielens(path: Path) -> None:
    read = csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=["userId", "movieId", "rating"]))
    likes = Likes.of(*(read.column(name).to_numpy() for name in ("userId", "movieId", "rating")))
    parts = split(likes, HELD_OUT, SEED)
    users = len(np.unique(likes.users))
    print(f"MovieLens-20M: {users} users (published: 136677), {len(parts.item_ids)} items (published: about 20108),")
    print(f"{len(likes.users)} likes, {parts.train.nnz} of them to learn from, {HELD_OUT} users in each other part")
    print(f"{'':36}" + "".join(f"{metric:>20}" for metric in METRICS))
    learners: Mapping[str, Callable[[], Lists]] = {
        "als": lambda: als_of(parts, PARAMETERS),
        "ease": lambda: ease_of(parts, EASE_REGULARIZATION),
    }
    for name, learn in learners.items():
        start = time.perf_counter()
        lists = learn()
        print(f"{name}: fitted in {time.perf_counter() - start:.0f} s")
        for part, held_out in (("validation", parts.validation), ("test", parts.test)):
            print(f"{name + ', ' + part:36}" + _values(lists, held_out))
    for name, values in TARGETS.items():
        print(f"{name:36}" + "".join(f"{value:>11.3f}         " for value in values))


def _values(lists: Lists, held_out: HeldOut) -> str:
    """Return the metrics' means over users, each with its standard error."""
    found = published_metrics(lists(held_out.fold_in), held_out.targets)
    pairs = ((found[metric].mean(), found[metric].std() / np.sqrt(len(found[metric]))) for metric in METRICS)
    return "".join(f"{mean:>11.3f} ± {error:.4f}" for mean, error in pairs)


def als_of(parts: Split, parameters: AlsParameters) -> Lists:
    """Return what lists items by ALS; users come into it by folding in, the training users too."""
    weights = Weights(parts.train, parts.user_ids, parts.item_ids)
    factors = fit_factors(weights, parameters, os.cpu_count() or 1)
    regularization = parameters.regularization_for(weights)
    everything = np.ones(len(parts.item_ids), np.bool_)

    def lists(likes: csr_matrix) -> Positions:
        users = fold_in(
            factors.item_factors, confidence_of(likes, parameters.alpha), regularization, os.cpu_count() or 1
        )
        return rank_by_factors(users, factors.item_factors, everything, likes, PUBLISHED_LENGTH).items

    return lists


def ease_of(parts: Split, regularization: float) -> Lists:
    """Return what lists items by EASE; its weights take 24 bytes for each pair of items while they are computed."""
    weights = ease_weights(parts.train, regularization)
    everything = np.ones(len(parts.item_ids), np.bool_)

    def lists(likes: csr_matrix) -> Positions:
        found = np.full((likes.shape[0], PUBLISHED_LENGTH), -1, np.int64)
        for start in range(0, likes.shape[0], EASE_BLOCK_USERS):
            block = likes[start : start + EASE_BLOCK_USERS]
            asked = Asked(np.arange(block.shape[0]), DISCOVER, block, everything)
            found[start : start + EASE_BLOCK_USERS] = asked.best(block @ weights, PUBLISHED_LENGTH)
        return found

    return lists


def _planted() -> None:
    """Print the measures of the shop as it is drawn, and with its purchases dealt anew, where they must be chance."""
    shop, parameters = plant(PLAN), AlsParameters.from_config(load_config("als"))
    print(f"drawn shop: {PLAN.users} users, {PLAN.items} items, {PLAN.clusters} clusters, {shop.bought.nnz} pairs")
    _measure(
        shop, parameters, "with its clusters (wanted of als: items 0.95 or more, share 0.9 of the oracle's or more)"
    )
    _measure(shuffled(shop, SEED), parameters, f"dealt anew (wanted of als: {1 / PLAN.clusters:.2f} for both, chance)")


def _measure(shop: PlantedShop, parameters: AlsParameters, name: str) -> None:
    start = time.perf_counter()
    factors = fit(shop, parameters, os.cpu_count() or 1)
    print(f"{name}: fitted in {time.perf_counter() - start:.1f} s")
    print(f"  items nearest to their own cluster's centroid: {items_recovered(shop, factors.item_factors):.3f}")
    lists: Mapping[str, Positions] = lists_of(shop, factors)
    for strategy, items in lists.items():
        share, ndcg = own_cluster_share(shop, items), foreseen(shop, items)
        print(
            f"  {strategy:8} own cluster's share of {LENGTH}: {share:.3f}   nDCG@{LENGTH} of what came then: {ndcg:.3f}"
        )


if __name__ == "__main__":
    main()
