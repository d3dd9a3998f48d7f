import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core.backtest import Stage, lists_of, relevant_to
from overture.core.baselines import OwnMostBought, Popular
from overture.core.history import History, Items, Pairs, Users
from overture.core.judgements import PUBLISHED, Sampling, Shelf, foresight_of, rows_of_foresight, rows_of_lists
from overture.core.pooling import pooled
from overture.core.strategies import DISCOVER, REPLENISH

SAMPLING = Sampling(seed=1, resamples=50, least_users=2)


@pytest.fixture
def stage() -> Stage:
    """Three users, of whom the second is not asked for; item 0 was bought by the first, item 4 may not be listed."""
    bought = Pairs(np.array([0, 1]), np.array([0, 1]), np.array([3, 1]), np.array([2.0, 1.0]), np.array([1, 2]))
    history = History.of(np.array(["a", "b", "c"]), np.array(list("vwxyz")), bought)
    items = Items(np.array(["D"]), np.zeros(5, np.int32), np.array([5.0, 4, 3, 2, 1]), np.array([True] * 4 + [False]))
    return Stage(history, items, Users(np.full((3, 1), -1, np.int32)), np.array([0, 2]))


def test_what_was_done_counts_for_its_task_and_only_where_it_could_be_recommended(stage: Stage) -> None:
    after = csr_matrix([[1, 0, 1, 0, 1], [1, 1, 1, 1, 1], [0, 1, 0, 0, 1]])
    assert relevant_to(stage.asked_for(DISCOVER), after).toarray().tolist() == [[0, 0, 1, 0, 0], [0, 1, 0, 0, 0]]
    assert relevant_to(stage.asked_for(REPLENISH), after).toarray().tolist() == [[1, 0, 0, 0, 0], [0] * 5]


def test_each_strategy_is_asked_for_both_tasks_and_only_for_the_readers(stage: Stage) -> None:
    lists = lists_of(stage, {"popular": Popular(), "own": OwnMostBought()}, 2)
    assert lists[DISCOVER]["popular"].tolist() == [[1, 2], [0, 1]]
    assert lists[REPLENISH]["popular"].tolist() == [[0, -1], [-1, -1]]
    assert lists[REPLENISH]["own"].tolist() == [[0, -1], [-1, -1]]


def test_the_lead_of_the_published_lists_is_taken_of_the_same_users_and_told_by_group(stage: Stage) -> None:
    lists = {PUBLISHED: np.array([[1, 2], [1, 2]]), "popular": np.array([[2, 1], [3, 0]])}
    foresight = foresight_of(stage, DISCOVER, lists, csr_matrix([[0, 1, 0, 0, 0], [0] * 5, [0, 1, 0, 0, 0]]))
    rows = {
        (row.strategy, row.metric, row.user_group): row
        for row in rows_of_foresight(foresight, {"age": np.array(["old", "young"])}, SAMPLING)
    }
    assert rows[PUBLISHED, "hit_rate", "everyone"].interval.value == 1.0
    assert rows["popular", "hit_rate", "everyone"].interval.value == 0.5
    assert rows["popular", "hit_rate", "everyone"].lead.value == 0.5
    assert rows["popular", "hit_rate", "age other"].users == 2
    assert np.isnan(rows[PUBLISHED, "hit_rate", "everyone"].lead.value)
    assert np.isnan(rows["popular", "hit_rate", "spread age"].interval.value)


def test_lists_are_described_whatever_users_did(stage: Stage) -> None:
    shelf = Shelf(csr_matrix(np.eye(5)), np.array([0, 0, 1, 1, 1]))
    rows = rows_of_lists(stage, {"popular": np.array([[0, 1], [2, 3]])}, shelf, {"age": np.array(["o", "y"])}, SAMPLING)
    found = {(row.metric, row.user_group): row.interval.value for row in rows}
    assert found["coverage", "everyone"] == 1.0
    assert found["gini", "everyone"] == 0.0
    assert found["diversity", "everyone"] == 1.0
    assert found["personalisation", "everyone"] == 1.0
    assert found["mutual_information", "age"] == 1.0
    assert found["novelty", "everyone"] == pytest.approx(np.log2(3))


def test_days_are_pooled_by_user_so_that_one_who_was_judged_twice_counts_once(stage: Stage) -> None:
    hit, miss = {"own": np.array([[0], [0]])}, {"own": np.array([[1], [1]])}
    after = csr_matrix([[0, 1, 0, 0, 0], [0] * 5, [0, 1, 0, 0, 0]])
    first = foresight_of(stage, DISCOVER, miss, after)
    second = foresight_of(stage, DISCOVER, hit, csr_matrix([[0, 1, 0, 0, 0], [0] * 5, [0] * 5]))
    ids = np.array(["a", "c"])
    assert pooled([(ids, first), (ids, second)])["own"]["hit_rate"].tolist() == [0.5, 1.0]
