import numpy as np
import pytest

from overture.core.copy_fitting import BLOCK_TEXTS, likeliest, outdone


def directions(count: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    drawn = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def test_a_text_that_is_its_own_thing_outdoes_all_others_and_its_opposite_none() -> None:
    things = directions(20, 1)
    own = np.arange(20)
    assert outdone(things, things, own).tolist() == [1.0] * 20
    assert outdone(-things, things, own).tolist() == [0.0] * 20


def test_blocks_of_texts_give_what_all_at_once_give() -> None:
    texts, things = directions(BLOCK_TEXTS + 7, 2), directions(5, 3)
    own = np.arange(len(texts)) % 5
    expected = [np.mean([text @ things[place] > text @ things[other] for other in range(5) if other != place])
                for text, place in zip(texts, own, strict=True)]  # fmt: skip
    assert outdone(texts, things, own) == pytest.approx(expected)


def test_what_is_near_to_every_text_is_not_what_each_is_like() -> None:
    things = np.eye(3, dtype=np.float32)
    texts = np.array([[0.9, 0.4, 0.1], [0.9, 0.1, 0.4]], np.float32)
    assert likeliest(texts, things).tolist() == [1, 2]


def test_one_thing_alone_cannot_be_told_apart() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        outdone(directions(2, 1), directions(1, 1), np.zeros(2, int))
