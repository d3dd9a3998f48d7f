"""How well ranked lists foresee what users did next: recall, nDCG and hit rate at a cut-off."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.ranking import stored_pairs


def judge_lists(items: npt.NDArray[np.int64], relevant: csr_matrix) -> Mapping[str, float]:
    """Return the means of recall, ndcg and hit_rate over the users who have a relevant item, each from 0 to 1.

    items: (users, k) item positions, best first, -1 past the end of a short list; no item twice for a user.
    relevant: (users, items) CSR whose stored pairs are what the user did. k is the cut-off.

    recall: found relevant items / all relevant items of the user (so a user with more than k cannot reach 1).
    ndcg: sum of 1/log2(place + 1) over found items / the same of the best possible list; place counts from 1.
    hit_rate: 1 for a user with a relevant item in the list. No judged user gives nan for each.

    >>> found = judge_lists(np.array([[7, 1], [2, 0]]), csr_matrix([[0, 1, 1] + [0] * 5, [0] * 8]))
    >>> {metric: round(value, 3) for metric, value in found.items()}
    {'recall': 0.5, 'ndcg': 0.387, 'hit_rate': 1.0}
    """
    counts = np.diff(relevant.indptr)
    judged = counts > 0
    if not judged.any():
        return {"recall": np.nan, "ndcg": np.nan, "hit_rate": np.nan}
    hits, counts = hits_of(items, relevant)[judged], counts[judged]
    discounts = 1.0 / np.log2(np.arange(2, items.shape[1] + 2))
    best = discounts.cumsum()[np.minimum(counts, items.shape[1]) - 1]
    return {
        "recall": float((hits.sum(axis=1) / counts).mean()),
        "ndcg": float((hits @ discounts / best).mean()),
        "hit_rate": float(hits.any(axis=1).mean()),
    }


def hits_of(items: npt.NDArray[np.int64], relevant: csr_matrix) -> npt.NDArray[np.bool_]:
    """Return for each place of (users, k) lists whether its item is relevant to the user; -1 never is.

    >>> hits_of(np.array([[1, 0, -1]]), csr_matrix([[0, 3]])).tolist()
    [[True, False, False]]
    """
    keys = np.arange(relevant.shape[0])[:, None] * relevant.shape[1] + items
    return np.isin(keys, stored_pairs(relevant)) & (items >= 0)
