from dataclasses import replace

import numpy as np
import pytest

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
from overture.adapters.als import AlsParameters
from overture.configuration import load_config

PLAN = Plan(users=600, items=240, clusters=6, purchases=25, loyalty=0.6, skew=0.7, seed=2)
CHANCE = 1 / PLAN.clusters
# Fewer dimensions than the project's own: 128 would be half as many as there are items.
PARAMETERS = replace(AlsParameters.from_config(load_config("als")), factors=16)
SHOP = plant(PLAN)


def measured(shop: PlantedShop) -> tuple[float, dict[str, float], dict[str, float]]:
    factors = fit(shop, PARAMETERS, 1)
    lists = lists_of(shop, factors)
    shares = {name: own_cluster_share(shop, items) for name, items in lists.items()}
    return items_recovered(shop, factors.item_factors), shares, {n: foreseen(shop, i) for n, i in lists.items()}


def test_als_recovers_the_planted_clusters() -> None:
    recovered, shares, ndcg = measured(SHOP)

    assert recovered > 0.95
    assert shares["als"] > 0.75 * shares["oracle"]
    assert shares["popular"] < CHANCE
    assert ndcg["popular"] < ndcg["als"] < ndcg["oracle"]


@pytest.mark.parametrize("seed", [1, 2])
def test_without_the_structure_the_measures_fall_to_chance(seed: int) -> None:
    recovered, shares, _ = measured(shuffled(SHOP, seed))

    assert shares["als"] == pytest.approx(CHANCE, abs=0.03)
    assert shares["popular"] == pytest.approx(CHANCE, abs=0.03)
    assert recovered < CHANCE + 0.15


def test_dealing_anew_keeps_how_often_each_user_bought_and_each_item_sold() -> None:
    dealt = shuffled(SHOP, 1)

    for axis in (0, 1):
        assert np.asarray(dealt.bought.sum(axis=axis)).tolist() == np.asarray(SHOP.bought.sum(axis=axis)).tolist()
    assert (dealt.bought != SHOP.bought).nnz > 0


def test_purchases_are_drawn_with_the_planted_chances() -> None:
    plan = replace(PLAN, users=3000, items=20, clusters=2, purchases=100)
    shop = plant(plan)

    np.testing.assert_allclose(shop.chances.sum(axis=1), 1.0)
    for cluster, chances in enumerate(shop.chances):
        # The chance of the own cluster is the loyal purchases and a part of the others.
        assert chances[shop.item_cluster == cluster].sum() > plan.loyalty
        sold = np.asarray(shop.bought[shop.user_cluster == cluster].sum(axis=0)).ravel()
        np.testing.assert_allclose(sold / sold.sum(), chances, atol=0.005)


def test_popularity_is_skewed_as_planned() -> None:
    without_loyalty = plant(replace(PLAN, loyalty=0.0))

    ranked = np.sort(without_loyalty.chances[0])[::-1]
    np.testing.assert_allclose(ranked / ranked[0], np.arange(1.0, PLAN.items + 1) ** -PLAN.skew)


def test_the_same_plan_gives_the_same_shop_and_another_seed_another() -> None:
    assert (plant(PLAN).bought != SHOP.bought).nnz == 0
    assert (plant(replace(PLAN, seed=3)).bought != SHOP.bought).nnz > 0


def test_lists_and_later_purchases_hold_nothing_that_was_bought_before() -> None:
    bought = SHOP.bought.toarray() > 0

    assert not (bought & (SHOP.then.toarray() > 0)).any()
    assert SHOP.then.nnz > 0
    for items in lists_of(SHOP, fit(SHOP, PARAMETERS, 1)).values():
        assert items.shape == (PLAN.users, LENGTH)
        assert not np.take_along_axis(bought, items, axis=1).any()


def test_items_are_judged_by_centroids_of_other_items() -> None:
    exact = np.eye(PLAN.clusters, dtype=np.float32)[SHOP.item_cluster]
    noise = np.random.default_rng(1).normal(size=(PLAN.items, 128)).astype(np.float32)

    assert items_recovered(SHOP, 3 * exact) == 1.0
    assert items_recovered(SHOP, np.roll(exact, 1, axis=1)) == 1.0
    assert items_recovered(SHOP, noise) < CHANCE + 0.15
