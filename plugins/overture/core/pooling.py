"""Several judged days taken together: each user counts once, with the mean over the days on which it was judged."""

from collections.abc import Sequence

import numpy as np

from overture.core.behaviour import Ids, positions_of
from overture.core.judgements import Foresight
from overture.core.metrics import PerUser


def pooled(days: Sequence[tuple[Ids, Foresight]]) -> dict[str, PerUser]:
    """Return strategy -> metric -> float64 (users,), the same users in the same order for all, sorted by id.

    days: for each day the ids of the users asked for, and what was foreseen of one task and horizon by the same
    strategies. The days of one user are alike, so users are what intervals must be drawn from, not users and days.
    """
    judged = [ids[foresight.users] for ids, foresight in days]
    everyone = np.unique(np.concatenate(judged))
    places = [positions_of(everyone, ids) for ids in judged]
    counts = np.bincount(np.concatenate(places), minlength=len(everyone))
    strategies = days[0][1].values
    return {
        name: {
            metric: np.bincount(
                np.concatenate(places),
                weights=np.concatenate([foresight.values[name][metric] for _, foresight in days]),
                minlength=len(everyone),
            )
            / counts
            for metric in strategies[name]
        }
        for name in strategies
    }
