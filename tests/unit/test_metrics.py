import math

import ir_measures
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import metrics
from overture.core.metrics import hits_of, judge_lists, judge_users


def some_lists(random: np.random.Generator, users: int, items: int, k: int) -> np.ndarray:
    """Lists of 0 to k items each."""
    lists = np.argsort(random.random((users, items)), axis=1)[:, :k]
    return np.where(np.arange(k) < random.integers(0, k + 1, (users, 1)), lists, -1)


def reference(items: np.ndarray, relevant: np.ndarray) -> dict[str, dict[int, float]]:
    """What ir-measures, which asks trec_eval, says of the same lists: metric -> user -> value."""
    k = items.shape[1]
    names = {"recall": "R", "precision": "P", "ndcg": "nDCG", "map": "AP", "mrr": "RR", "hit_rate": "Success"}
    asked = {ir_measures.parse_measure(f"{theirs}@{k}"): ours for ours, theirs in names.items()}
    done = {str(u): {str(i): 1 for i in np.flatnonzero(row)} for u, row in enumerate(relevant) if row.any()}
    run = {str(u): {str(i): 1 / (at + 1) for at, i in enumerate(row) if i >= 0} for u, row in enumerate(items)}
    found: dict[str, dict[int, float]] = {metric: {} for metric in names}
    for each in ir_measures.iter_calc(asked, done, run):
        found[asked[each.measure]][int(each.query_id)] = each.value
    return found


def test_a_perfect_list_has_full_marks_though_it_is_shorter_than_what_was_done() -> None:
    found = judge_lists(np.array([[0, 1]]), csr_matrix(np.ones((1, 4))))

    assert found == {"recall": 0.5, "ndcg": 1.0, "hit_rate": 1.0}


def test_a_hit_counts_less_the_later_it_comes() -> None:
    relevant = csr_matrix([[0, 0, 1]])

    first, last = (judge_users(np.array([items]), relevant).values for items in ([2, 0, 1], [0, 1, 2]))

    assert (first["ndcg"], first["map"], first["mrr"]) == (1.0, 1.0, 1.0)
    assert last["ndcg"] == pytest.approx(1 / math.log2(4))
    assert last["map"] == last["mrr"] == pytest.approx(1 / 3)


def test_average_precision_is_shared_among_all_that_was_done_and_precision_among_all_places() -> None:
    # Found in places 1 and 3 of 4; five relevant items.
    found = judge_users(np.array([[0, 9, 1, -1]]), csr_matrix([[1, 1, 1, 1, 1, 0, 0, 0, 0, 0]])).values

    assert found["map"] == pytest.approx((1 + 2 / 3) / 5)
    assert found["precision"] == 2 / 4


def test_users_who_did_nothing_are_not_judged() -> None:
    items = np.array([[0], [1], [1]])
    relevant = csr_matrix([[1, 0], [0, 0], [1, 0]])

    assert judge_users(items, relevant).users.tolist() == [0, 2]
    assert judge_lists(items, relevant)["hit_rate"] == 0.5
    assert all(math.isnan(value) for value in judge_lists(items, csr_matrix((3, 2))).values())
    assert all(len(column) == 0 for column in judge_users(items, csr_matrix((3, 2))).values.values())


def test_the_empty_places_of_a_short_list_are_no_hits() -> None:
    # Item -1 of the second user would be the last item of the first.
    found = judge_users(np.array([[2, -1], [-1, -1]]), csr_matrix([[0, 0, 0, 1], [1, 0, 0, 0]]))

    assert len(found.values) == 6
    assert all(column.tolist() == [0.0, 0.0] for column in found.values.values())


@pytest.mark.parametrize("seed", range(20))
def test_every_metric_of_every_user_is_what_the_reference_library_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    items_known, k = int(random.integers(6, 40)), int(random.integers(1, 6))
    items = some_lists(random, 30, items_known, k)
    relevant = random.random((30, items_known)) < random.choice([0.03, 0.2, 0.6])

    judged = judge_users(items, csr_matrix(relevant))

    expected = reference(items, relevant)
    assert sorted(expected) == sorted(judged.values)
    for metric, column in judged.values.items():
        assert expected[metric].keys() == set(judged.users.tolist())
        assert column == pytest.approx([expected[metric][user] for user in judged.users.tolist()], abs=1e-12)


def test_means_over_lists_are_those_of_the_judged_users() -> None:
    random = np.random.default_rng(3)
    items, relevant = some_lists(random, 50, 30, 5), csr_matrix(random.random((50, 30)) < 0.1)

    values = judge_users(items, relevant).values

    for metric, mean in judge_lists(items, relevant).items():
        assert mean == values[metric].mean() > 0


@pytest.mark.parametrize("mask_bytes", [1, 100, 2**20])
def test_hits_do_not_depend_on_how_many_users_are_looked_up_at_once(
    mask_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MASK_BYTES", mask_bytes)
    random = np.random.default_rng(4)
    items, relevant = some_lists(random, 25, 12, 6), random.random((25, 12)) < 0.3

    expected = [[item >= 0 and row[item] for item in chosen] for chosen, row in zip(items, relevant, strict=True)]
    assert hits_of(items, csr_matrix(relevant)).tolist() == expected


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([[0, 5]], "item positions; expected: -1 to 4; got: 0 to 5"),
        ([[0, -2]], "item positions; expected: -1 to 4; got: -2 to 0"),
        ([[1, 0], [3, 3]], "items of a list; expected: each once; got: item 3 twice in list 1"),
        ([[0, 1], [-1, 2]], "-1 in a list; expected: past the end; got: before an item in list 1"),
        ([[]], "lists; expected: \\(users, k\\) with k at least 1; got: \\(1, 0\\)"),
    ],
)
def test_lists_that_would_be_judged_wrongly_are_refused(items: list[list[int]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        judge_users(np.array(items, np.int64), csr_matrix((len(items), 5)))


def test_lists_of_other_users_than_those_who_did_something_are_refused() -> None:
    with pytest.raises(ValueError, match="expected: 1; got: 2"):
        judge_users(np.array([[0]]), csr_matrix((2, 5)))
