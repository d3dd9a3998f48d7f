"""How well factors fitted without the last days foresee those days, beside what is popular."""

import numpy as np
import numpy.typing as npt

from overture.core.behaviour import Interactions, pairs_of, positions_of
from overture.core.factors import Factors
from overture.core.metrics import judge_lists
from overture.core.ranking import rank_by_factors

DISCOVER = "discover_"
"""Prefix of the metrics that count only what was new to the user."""


def judge_holdout(
    before: Factors, interactions: Interactions, promotable: npt.NDArray[np.bool_], length: int
) -> dict[str, tuple[float, float]]:
    """Return metric -> (value, baseline) for lists of `length` items; empty when there is nothing to judge.

    before: factors fitted to weights_before_holdout. promotable: one entry for each of `interactions.item_ids`; the
    others are neither ranked nor counted. The baseline is the same list for everyone: the greatest sum of weights
    before the held-out days.

    Judged are the users of `before`, on all that they chose in the held-out days, items that nobody chose before
    included. The plain metrics rank everything; the `discover_` ones neither rank nor count what the user had chosen
    before. See `metrics.judge_lists` for recall, ndcg and hit_rate.
    """
    row_of_item = positions_of(before.item_ids, interactions.item_ids)
    allowed = promotable & (row_of_item >= 0)
    item_factors = before.item_factors[np.maximum(row_of_item, 0)]
    weight = np.bincount(
        interactions.items, weights=interactions.weights_before_holdout, minlength=len(interactions.item_ids)
    )
    popularity = weight.astype(np.float32)[:, None]
    everyone = np.ones((len(before.user_ids), 1), np.float32)
    was_chosen = interactions.weights_before_holdout > 0
    is_relevant = (interactions.held_out_counts > 0) & promotable[interactions.items]
    measured: dict[str, tuple[float, float]] = {}
    for prefix, passed_over in (("", np.zeros_like(was_chosen)), (DISCOVER, was_chosen)):
        excluded = pairs_of(interactions, passed_over, before.user_ids, interactions.item_ids)
        relevant = pairs_of(interactions, is_relevant & ~passed_over, before.user_ids, interactions.item_ids)
        if not relevant.nnz:
            continue
        by_factors = rank_by_factors(before.user_factors, item_factors, allowed, excluded, length)
        by_popularity = rank_by_factors(everyone, popularity, allowed, excluded, length)
        values, baselines = judge_lists(by_factors.items, relevant), judge_lists(by_popularity.items, relevant)
        measured |= {prefix + metric: (values[metric], baselines[metric]) for metric in values}
    return measured
