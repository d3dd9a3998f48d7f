"""A shop drawn by chance whose truth is known: each user and each item belongs to a cluster, some items sell more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters, fit_factors
from overture.core.confidence import Weights
from overture.core.factors import Factors, Matrix
from overture.core.metrics import judge_lists
from overture.core.ranking import rank_by_factors

LENGTH = 20

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """How a shop is drawn. A purchase is from the user's own cluster with probability `loyalty`, else from anywhere.

    purchases: the mean for a user; the number is geometric, so most users buy less and a few much more. skew: within
    what is drawn from, the item of popularity rank r is chosen in proportion to r ** -skew.
    """

    users: int
    items: int
    clusters: int
    purchases: int
    loyalty: float
    skew: float
    seed: int


@dataclass(frozen=True)
class PlantedShop:
    """The drawn purchases, and the truth that a model does not see.

    user_cluster, item_cluster: (users,) and (items,) cluster of each. chances: (clusters, items) float64, each row sums
    to 1: with what probability a purchase of the cluster's users is of the item. bought: (users, items) float64 CSR of
    how often bought; each user has a pair. then: the same, of purchases that came afterwards, drawn in the same way,
    less what was bought before.
    """

    user_cluster: Positions
    item_cluster: Positions
    chances: npt.NDArray[np.float64]
    bought: csr_matrix
    then: csr_matrix


def plant(plan: Plan) -> PlantedShop:
    """Return the shop of a plan; the same plan gives the same shop."""
    random = np.random.default_rng(plan.seed)
    # As many of each cluster as can be; an item's popularity has nothing to do with its cluster.
    user_cluster = random.permutation(np.arange(plan.users) % plan.clusters)
    item_cluster = np.sort(np.arange(plan.items) % plan.clusters)
    popularity = random.permutation(np.arange(1.0, plan.items + 1)) ** -plan.skew
    popularity /= popularity.sum()
    own = np.where(item_cluster == np.arange(plan.clusters)[:, None], popularity, 0.0)
    chances = plan.loyalty * own / own.sum(axis=1, keepdims=True) + (1.0 - plan.loyalty) * popularity
    bought, then = (_draw(user_cluster, chances, plan.purchases, random) for _ in range(2))
    return PlantedShop(user_cluster, item_cluster, chances, bought, _without(then, bought))


def _draw(
    user_cluster: Positions, chances: npt.NDArray[np.float64], purchases: int, random: np.random.Generator
) -> csr_matrix:
    """Return counts of purchases; the clusters' chances lie one after the other on a line, each of length 1."""
    clusters, items = chances.shape
    users = np.repeat(np.arange(len(user_cluster)), random.geometric(1.0 / purchases, len(user_cluster)))
    ends = chances.cumsum(axis=1)
    ends = (ends / ends[:, -1:] + np.arange(clusters)[:, None]).ravel()
    cluster = user_cluster[users]
    found = np.searchsorted(ends, cluster + random.random(len(users)), side="right")
    return _counts(users, np.minimum(found - cluster * items, items - 1), (len(user_cluster), items))


def _counts(users: Positions, items: Positions, shape: tuple[int, int]) -> csr_matrix:
    counts = csr_matrix((np.ones(len(users)), (users, items)), shape=shape)
    counts.sum_duplicates()
    return counts


def _without(counts: csr_matrix, taken: csr_matrix) -> csr_matrix:
    kept = counts - counts.multiply(taken > 0)
    kept.eliminate_zeros()
    return csr_matrix(kept)


def shuffled(shop: PlantedShop, seed: int) -> PlantedShop:
    """Return the shop with the items of all purchases dealt anew to the same users: nobody has a taste any more.

    Each user buys as often, each item sells as often; what a model still finds of the clusters is chance.
    """
    bought = shop.bought.tocoo()
    times = bought.data.astype(np.int64)
    users, items = (np.repeat(of.astype(np.int64), times) for of in (bought.row, bought.col))
    dealt = _counts(users, np.random.default_rng(seed).permutation(items), shop.bought.shape)
    return replace(shop, bought=dealt, then=_without(shop.then, dealt))


def fit(shop: PlantedShop, parameters: AlsParameters, threads: int) -> Factors:
    """Return factors of what was bought; an item that nobody bought has factors of 0."""
    users, items = shop.bought.shape
    sold = np.flatnonzero(np.bincount(shop.bought.indices, minlength=items))
    user_ids, item_ids = np.char.mod("%07d", np.arange(users)), np.char.mod("%07d", np.arange(items))
    learnt = fit_factors(Weights(shop.bought[:, sold], user_ids, item_ids[sold]), parameters, threads)
    item_factors = np.zeros((items, learnt.item_factors.shape[1]), np.float32)
    item_factors[sold] = learnt.item_factors
    return Factors(learnt.user_factors, item_factors, user_ids, item_ids)


def lists_of(shop: PlantedShop, factors: Factors) -> Mapping[str, Positions]:
    """Return LENGTH items to discover for each user, by name: (users, LENGTH), nothing that the user bought.

    als: by the factors. popular: by how many users bought an item, the same for all. oracle: by the very probabilities
    that purchases were drawn with, which no model can beat at foreseeing them but by luck.
    """
    users, items = shop.bought.shape
    everything = np.ones(items, np.bool_)
    buyers = np.bincount(shop.bought.indices, minlength=items).astype(np.float32)
    one_for_all = np.ones((users, 1), np.float32)
    clusters = np.eye(len(shop.chances), dtype=np.float32)
    scored = {
        "als": (factors.user_factors, factors.item_factors),
        "popular": (one_for_all, buyers[:, None]),
        "oracle": (clusters[shop.user_cluster], shop.chances.T.astype(np.float32)),
    }
    return {
        name: rank_by_factors(user_side, item_side, everything, shop.bought, LENGTH).items
        for name, (user_side, item_side) in scored.items()
    }


def own_cluster_share(shop: PlantedShop, lists: Positions) -> float:
    """Return the share of all listed items that are of their user's own cluster; 1/clusters by chance."""
    is_own = shop.item_cluster[lists] == shop.user_cluster[:, None]
    return float(((lists >= 0) & is_own).sum() / (lists >= 0).sum())


def foreseen(shop: PlantedShop, lists: Positions) -> float:
    """Return the nDCG of the lists for what was bought afterwards and never before: see `judge_lists`."""
    return judge_lists(lists, shop.then)["ndcg"]


def items_recovered(shop: PlantedShop, item_factors: Matrix) -> float:
    """Return the share of items whose factors are nearest, by cosine, to the centroid of their own cluster.

    About 1/clusters by chance. Every second item of a cluster makes its centroid, the others are judged: an item that
    is part of the centroid is near to it even where the factors mean nothing.
    """
    lengths = np.linalg.norm(item_factors, axis=1, keepdims=True)
    direction = np.divide(item_factors, lengths, out=np.zeros_like(item_factors), where=lengths > 0)
    makes_centroid = np.arange(len(direction)) % 2 == 0
    clusters = np.eye(len(shop.chances), dtype=np.float32)[shop.item_cluster]
    centroids = clusters[makes_centroid].T @ direction[makes_centroid]
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    nearest = (direction[~makes_centroid] @ centroids.T).argmax(axis=1)
    return float((nearest == shop.item_cluster[~makes_centroid]).mean())
