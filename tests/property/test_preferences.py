import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from overture.core.behaviour import Interactions
from overture.core.confidence import weigh
from overture.core.metrics import judge_lists
from overture.core.ranking import rank_by_factors

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS, users=st.integers(1, 8), items=st.integers(1, 200), length=st.integers(1, 12))
def test_ranking_equals_a_full_sort_and_names_no_item_twice(seed: int, users: int, items: int, length: int) -> None:
    random = np.random.default_rng(seed)
    user_factors = random.integers(-3, 4, size=(users, 3)).astype(np.float32)
    item_factors = random.integers(-3, 4, size=(items, 3)).astype(np.float32)
    allowed, excluded = random.random(items) < 0.8, random.random((users, items)) < 0.3

    lists = rank_by_factors(user_factors, item_factors, allowed, csr_matrix(excluded), length)

    scores = user_factors @ item_factors.T
    scores[:, ~allowed] = -np.inf
    scores[excluded] = -np.inf
    for found, row in zip(lists.items, scores, strict=True):
        expected = [item for item in np.argsort(-row, kind="stable") if np.isfinite(row[item])][:length]
        assert found.tolist() == expected + [-1] * (length - len(expected))


@given(seed=SEEDS, count=st.integers(1, 30))
def test_weights_do_not_depend_on_the_order_of_the_interactions(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    pairs = random.choice(40, size=count, replace=False)
    weights = random.random(count)
    ids = np.array([f"{number:02}" for number in range(8)])
    none = np.zeros(count, np.int64)

    def weighed(order: np.ndarray) -> tuple[list[str], list[str], list[float], list[int]]:
        users, items = (half.astype(np.int32) for half in np.divmod(pairs[order], 8))
        interactions = Interactions(ids, ids, users, items, weights[order], weights[order], none, none, "sha")
        found = weigh(interactions, weights[order], least_weight=0.2)
        matrix = found.matrix
        return found.user_ids.tolist(), found.item_ids.tolist(), matrix.data.tolist(), matrix.indices.tolist()

    assert weighed(np.arange(count)) == weighed(random.permutation(count))


@given(seed=SEEDS, users=st.integers(1, 6), items=st.integers(1, 30), k=st.integers(1, 10))
def test_metrics_stay_between_nothing_and_all_and_a_better_list_never_scores_less(
    seed: int, users: int, items: int, k: int
) -> None:
    random = np.random.default_rng(seed)
    relevant = random.random((users, items)) < 0.3
    relevant[0, 0] = True
    lists = np.argsort(random.random((users, items)), axis=1)[:, :k]
    ideal = np.argsort(~relevant, axis=1, kind="stable")[:, :k]

    found, best = (judge_lists(each, csr_matrix(relevant)) for each in (lists, ideal))

    assert all(0 <= found[metric] <= best[metric] + 1e-12 for metric in found)
    assert abs(best["ndcg"] - 1) < 1e-12
