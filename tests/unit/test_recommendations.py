from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import recommendations as module
from overture.core.diversity import Variety
from overture.core.history import History, Items, Pairs
from overture.core.offers import Audiences
from overture.core.ranking import STRATEGIES, RankedLists
from overture.core.recommendations import Best, Wishes, discover, popular_shelves, replenish
from overture.core.scoring import ItemScores, SumOfScores, best_of
from overture.core.strategies import DISCOVER, REPLENISH, TASKS, Asked

ITEMS = np.array(["apple", "bread", "cheese", "fuel", "milk", "pear"])
FACTS = Items(
    department_names=np.array(["bakery", "dairy", "fruit"]),
    departments=np.array([2, 0, 1, -1, 1, 2], np.int32),
    buyers_28d=np.array([3.0, 9.0, 4.0, 99.0, 5.0, 50.0]),
    # Nobody is written to about fuel, and the pear is sold out.
    is_allowed=np.array([True, True, True, False, True, False]),
)
READERS = np.array(["ana", "kim", "new", "stranger"])
# Ana bought bread and milk, Kim cheese alone.
HISTORY = History.of(
    READERS,
    ITEMS,
    Pairs(np.array([0, 0, 1]), np.array([1, 4, 2]), np.array([2, 1, 1]), np.ones(3), np.array([3, 1, 9])),
)
ALLOWED = np.flatnonzero(FACTS.is_allowed)
# Bread speaks for cheese and, less, for the apple; cheese for the apple; nothing else is known.
PART = ItemScores(
    np.array([0, 1, 2]),
    np.array([[0, 0, 0], [0.3, 0, 0.9], [0.2, 0, 0]], np.float32),
    csr_matrix(np.array([[0, 2, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], np.float32)),
    ALLOWED,
)
LEARNT = SumOfScores([PART], np.ones(6), np.zeros(6))
RUNGS = np.array([STRATEGIES.index("als_with_ease"), STRATEGIES.index("fold_in"), -1, -1], np.int8)
# People like Kim and the stranger buy apples, and cheese once.
GROUPS = csr_matrix(np.array([[2.0, 0, 1, 0, 0, 7]])), np.array([-1, 0, -1, 0])
NO_OFFERS = Audiences(csr_matrix((4, 0)), csr_matrix((0, 6)), np.zeros(6, np.bool_))


def found(
    facts: Items = FACTS, length: int = 3, rungs: np.ndarray = RUNGS, learnt: SumOfScores | None = LEARNT
) -> dict[str, list[tuple[str, str]]]:
    asked = Asked(np.arange(4), DISCOVER, HISTORY.counts, facts.is_allowed)
    shelves = popular_shelves(facts, asked, length, GROUPS)
    return by_reader(discover(ways(learnt), rungs, asked, shelves, wishes(length))[0])


def ways(learnt: SumOfScores | None) -> dict[str, Best]:
    return {} if learnt is None else dict.fromkeys(("als_with_ease", "fold_in"), partial(best_of, learnt))


def wishes(length: int, **others: object) -> Wishes:
    """By score alone, unless said otherwise: each item is a category of its own, and nothing is on offer."""
    given = {"variety": Variety(1, 1.0), "tags": np.arange(6)[:, None], "offers": NO_OFFERS, "boost": 1.0}
    return Wishes(length, 6, **given | others)  # type: ignore[arg-type]


def by_reader(lists: RankedLists) -> dict[str, list[tuple[str, str]]]:
    return {
        str(reader): [(str(ITEMS[i]), STRATEGIES[s]) for i, s in zip(items, strategies, strict=True) if i >= 0]
        for reader, items, strategies in zip(READERS, lists.items, lists.strategies, strict=True)
    }


def test_what_was_learnt_comes_first_and_never_what_was_bought() -> None:
    assert found(length=2)["ana"] == [("cheese", "als_with_ease"), ("apple", "als_with_ease")]


def test_a_reader_with_few_events_says_so() -> None:
    assert found(length=1)["kim"] == [("apple", "fold_in")]


def test_a_short_list_is_filled_with_what_is_popular_in_the_group_then_at_all() -> None:
    assert found(length=4)["kim"] == [
        ("apple", "fold_in"), ("bread", "fold_in"), ("milk", "popular")
    ]  # fmt: skip
    assert found()["stranger"] == [
        ("apple", "popular_in_group"), ("cheese", "popular_in_group"), ("bread", "popular")
    ]  # fmt: skip
    assert found()["new"] == [("bread", "popular"), ("milk", "popular"), ("cheese", "popular")]


def test_where_nothing_was_learnt_everyone_gets_what_is_popular() -> None:
    for nothing in (found(learnt=None), found(rungs=np.full(4, -1, np.int8))):
        assert {strategy for rows in nothing.values() for _, strategy in rows} == {
            "popular_in_group", "popular"
        }  # fmt: skip


def test_a_list_holds_all_that_is_new_and_allowed_and_no_more() -> None:
    assert sorted(item for item, _ in found(length=9)["ana"]) == ["apple", "cheese"]


def test_nobody_is_recommended_anything_new_where_nothing_is_available() -> None:
    sold_out = replace(FACTS, is_allowed=np.zeros(6, bool))
    nothing = SumOfScores([replace(PART, allowed=ALLOWED[:0])], np.ones(6), np.zeros(6))
    assert found(sold_out, learnt=nothing) == {str(reader): [] for reader in READERS}


def test_readers_get_the_same_lists_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = found()
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    assert found() == at_once


def test_scores_fall_within_each_strategy() -> None:
    asked = Asked(np.arange(4), DISCOVER, HISTORY.counts, FACTS.is_allowed)
    lists, _ = discover(ways(LEARNT), RUNGS, asked, popular_shelves(FACTS, asked, 3, GROUPS), wishes(3))
    assert lists.scores[0, :2].tolist() == pytest.approx([1.8, 0.6])
    assert lists.scores[3].tolist() == [2, 1, 9]


def test_what_is_due_again_was_bought_before_and_is_allowed() -> None:
    habits = csr_matrix(np.array([[0, 0.5, 0, 0, 0.7, 0], [0, 0, 0.2, 0, 0, 0], [0] * 6, [0] * 6]))
    asked = Asked(np.arange(4), REPLENISH, HISTORY.counts, FACTS.is_allowed)
    lists, chances = replenish(habits, asked, 3)
    assert np.isnan(chances).all()
    assert by_reader(lists) == {
        "ana": [("milk", "habits"), ("bread", "habits")], "kim": [("cheese", "habits")], "new": [], "stranger": []
    }  # fmt: skip
    assert lists.scores[0].tolist() == [0.7, 0.5, 0]
    assert lists.strategies[2].tolist() == [-1, -1, -1]


def test_each_reader_is_ranked_by_the_way_of_its_rung() -> None:
    def backwards(asked: Asked, k: int) -> tuple[np.ndarray, np.ndarray]:
        return np.array([[2, 0]] * len(asked)), np.array([[0.9, 0.1]] * len(asked))

    asked = Asked(np.arange(4), DISCOVER, HISTORY.counts, FACTS.is_allowed)
    rungs = np.array([STRATEGIES.index("blend"), STRATEGIES.index("fold_in"), -1, -1], np.int8)
    lists, _ = discover(ways(LEARNT) | {"blend": backwards}, rungs, asked, [], wishes(2))
    assert by_reader(lists)["ana"] == [("cheese", "blend"), ("apple", "blend")]
    assert by_reader(lists)["kim"] == by_reader(discover(ways(LEARNT), RUNGS, asked, [], wishes(2))[0])["kim"]


def test_what_is_due_again_follows_another_order_and_keeps_its_scores() -> None:
    def backwards(asked: Asked, k: int) -> tuple[np.ndarray, np.ndarray]:
        found = np.where(asked.positions[:, None] == 0, [[1, 4, -1]], -1)
        return found, np.where(found >= 0, 0.25, 0.0)

    habits = csr_matrix(np.array([[0, 0.5, 0, 0, 0.7, 0], [0] * 6, [0] * 6, [0] * 6]))
    asked = Asked(np.arange(4), REPLENISH, HISTORY.counts, FACTS.is_allowed)
    lists, chances = replenish(habits, asked, 3, backwards)
    assert by_reader(lists)["ana"] == [("bread", "blend"), ("milk", "blend")]
    assert (lists.scores[0].tolist(), chances[0, :2].tolist()) == ([0.5, 0.7, 0], [0.25, 0.25])
    assert np.isnan(chances[lists.items < 0]).all()


def test_an_item_on_offer_for_the_reader_is_lifted_and_its_score_says_so() -> None:
    asked = Asked(np.arange(4), DISCOVER, HISTORY.counts, FACTS.is_allowed)
    shown = csr_matrix([[1, 0], [0, 0], [0, 1], [0, 0]])
    contents = csr_matrix([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]])
    offers = Audiences(shown, contents, np.zeros(6, np.bool_))
    lists, _ = discover(ways(LEARNT), RUNGS, asked, [], wishes(2, offers=offers, boost=4.0))
    assert by_reader(lists)["ana"] == [("apple", "als_with_ease"), ("cheese", "als_with_ease")]
    assert lists.scores[0].tolist() == pytest.approx([2.4, 1.8])
    assert by_reader(lists)["new"] == []


def test_a_list_is_varied_and_filled_up_where_that_leaves_places_free() -> None:
    asked = Asked(np.arange(4), DISCOVER, HISTORY.counts, FACTS.is_allowed)
    shelves = popular_shelves(FACTS, asked, 3, GROUPS)
    alike = wishes(1, tags=np.zeros((6, 1), np.int64))
    lists, passed_over = discover(ways(LEARNT), RUNGS, asked, shelves, alike)
    assert (by_reader(lists)["ana"], passed_over) == ([("cheese", "als_with_ease")], 0)
    lists, _ = discover(ways(LEARNT), RUNGS, asked, shelves, replace(alike, length=2))
    assert by_reader(lists)["ana"] == [("cheese", "als_with_ease"), ("apple", "popular")]


def test_a_pair_that_is_kept_out_stands_in_no_list_whatever_speaks_for_it() -> None:
    kept_out = csr_matrix(([1.0] * 4, ([0, 1, 3, 0], [2, 4, 1, 4])), shape=(4, 6))
    new, again = (Asked(np.arange(4), task, HISTORY.counts, FACTS.is_allowed, kept_out) for task in TASKS)
    lists, _ = discover(ways(LEARNT), RUNGS, new, popular_shelves(FACTS, new, 9, GROUPS), wishes(9))
    assert {reader: [item for item, _ in rows] for reader, rows in by_reader(lists).items()} == {
        "ana": ["apple"], "kim": ["apple", "bread"], "new": ["bread", "milk", "cheese", "apple"],
        "stranger": ["apple", "cheese", "milk"],
    }  # fmt: skip
    assert by_reader(replenish(HISTORY.counts, again, 3)[0])["ana"] == [("bread", "habits")]
