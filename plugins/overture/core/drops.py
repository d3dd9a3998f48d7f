"""How many candidates each rule kept out of a task's lists."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.ranking import stored_pairs
from overture.core.strategies import REPLENISH, Asked

TOO_MANY_OF_A_CATEGORY = "too_many_of_a_category"


def count_drops(
    asked: Asked, item_reasons: npt.NDArray[np.str_], kept_out: Mapping[str, csr_matrix], users: Mapping[str, int]
) -> dict[str, int]:
    """Return reason -> pairs of a user and an item that the task could have listed but for that reason.

    item_reasons: (items,) why each item that is not allowed is not. kept_out: reason -> (users asked for, items) CSR;
    of a pair in several the first counts. users: reason -> users who were not asked at all; of them it is not told what
    they bought, so each counts for every allowed item of `discover`. Reasons without any are left out.
    """
    is_again = asked.task == REPLENISH
    bought_by = np.bincount(asked.bought.indices, minlength=len(asked.is_allowed))
    possible = bought_by if is_again else len(asked) - bought_by
    found: dict[str, int] = {}
    if not is_again:
        found |= {reason: count * int(asked.is_allowed.sum()) for reason, count in users.items()}
    for reason in np.unique(item_reasons[~asked.is_allowed]):
        found[str(reason)] = int(possible[~asked.is_allowed & (item_reasons == reason)].sum())
    bought, seen = stored_pairs(asked.bought), np.zeros(0, np.int64)
    for reason, pairs in kept_out.items():
        keys = np.setdiff1d(stored_pairs(pairs), seen)
        seen = np.union1d(seen, keys)
        is_possible = asked.is_allowed[keys % len(asked.is_allowed)] & (np.isin(keys, bought) == is_again)
        found[reason] = int(is_possible.sum())
    return {reason: count for reason, count in found.items() if count}
