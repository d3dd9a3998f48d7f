from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from overture.core import explanations as module
from overture.core.explanations import Explanations, Past, explain
from overture.core.ranking import Positions, Scores

PAST = csr_matrix(np.array([[1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]], float))
# Item 3 was looked at only.
BOUGHT = PAST.multiply(np.arange(6) != 3).tocsr()
TITLES = np.arange(6)


@dataclass
class Table:
    """Adds, for every target, what stands for the history item in a table, whoever asks."""

    added: tuple[float, ...]
    allowed: Positions

    def scores(self, users: Positions) -> np.ndarray:
        raise NotImplementedError

    def contributions(self, users: Positions, history: Positions, targets: Positions) -> Scores:
        return np.repeat(np.array(self.added)[history][:, None, :], targets.shape[1], axis=1)


def explained(added: tuple[float, ...], targets: list[list[int]], titles: Positions = TITLES) -> Explanations:
    learnt = Table(added, np.arange(6))
    return explain(learnt, Past(PAST, BOUGHT, titles), np.arange(len(targets)), np.array(targets))


@pytest.mark.parametrize("block_bytes", [1, module.BLOCK_BYTES])
def test_the_three_items_that_add_most_are_told_with_their_shares(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", block_bytes)
    found = explained((0.1, 0.4, 0.2, 0.3, 9, 9), [[4, 5], [4, 5], [4, -1]])
    assert found.items[0].tolist() == [[1, 3, 2]] * 2
    assert found.shares[0, 0] == pytest.approx([0.4, 0.3, 0.2])
    assert found.items[2].tolist() == [[1, -1, -1], [-1, -1, -1]]
    assert found.shares[2].tolist() == [[1, 0, 0], [0, 0, 0]]
    assert (found.items[1] == -1).all()


def test_the_sum_is_that_of_all_contributions_those_that_take_away_too() -> None:
    found = explained((-0.2, 0.4, 0.2, 0.1, 0, 0), [[4]])
    assert found.sums[0, 0] == pytest.approx(0.5)
    assert found.items[0, 0].tolist() == [1, 2, 3]
    assert found.shares[0, 0] == pytest.approx([0.8, 0.4, 0.2])


def test_what_adds_nothing_is_no_reason() -> None:
    found = explained((0, -0.1, 0, 0, 0, 0), [[4]])
    assert found.items[0, 0].tolist() == [-1, -1, -1]
    assert found.named.tolist() == [[-1]]


def test_the_item_itself_its_namesakes_and_nameless_ones_are_not_named() -> None:
    added = (0.1, 0.4, 0.3, 0.2, 0.0, 0.0)
    assert explained(added, [[1]]).named.tolist() == [[2]]
    assert explained(added, [[4]], np.array([0, 4, 2, 3, 4, 5])).named.tolist() == [[2]]
    assert explained(added, [[4]], np.array([0, -1, 2, 3, 4, 5])).named.tolist() == [[2]]
    assert explained(added, [[4]], np.array([4, 4, 4, 4, 4, 5])).named.tolist() == [[-1]]


def test_what_was_only_looked_at_may_carry_a_score_and_is_not_named() -> None:
    found = explained((0.1, 0.2, 0.1, 0.6, 0.0, 0.0), [[4]])
    assert (found.items[0, 0, 0], found.named.tolist()) == (3, [[1]])


def test_of_equal_contributions_the_first_item_comes_first() -> None:
    found = explained((0.2, 0.2, 0.2, 0.2, 0, 0), [[4]])
    assert (found.items[0, 0].tolist(), found.named.tolist()) == ([0, 1, 2], [[0]])


def test_habits_carry_themselves() -> None:
    found = Explanations.of_themselves(np.array([[4, -1]]), np.array([[0.7, 0.0]]))
    assert (found.items[0, :, 0].tolist(), found.shares[0, :, 0].tolist()) == ([4, -1], [1, 0])
    assert found.sums[0, 0] == 0.7
    assert np.isnan(found.sums[0, 1])
    assert (found.named == -1).all()
