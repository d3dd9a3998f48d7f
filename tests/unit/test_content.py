import numpy as np
import pytest

from overture.core import content
from overture.core.content import neighbour_factors

FACTORS = np.array([[1, 0], [0, 1], [-1, 4]], np.float32)
EMBEDDINGS = np.eye(3, dtype=np.float32)


def unit(*rows: tuple[float, ...]) -> np.ndarray:
    found = np.array(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_an_item_that_reads_like_a_known_one_gets_its_factors() -> None:
    assert neighbour_factors(FACTORS, EMBEDDINGS, EMBEDDINGS[[2, 0]], neighbours=1).tolist() == [[-1, 4], [1, 0]]


def test_neighbours_weigh_as_they_are_near() -> None:
    new = unit((3.0, 1.0, 0.0))
    found = neighbour_factors(FACTORS, EMBEDDINGS, new, neighbours=2)
    np.testing.assert_allclose(found, [[0.75, 0.25]], rtol=1e-6)


def test_a_power_makes_the_nearest_weigh_more() -> None:
    new = unit((3.0, 1.0, 0.0))
    found = neighbour_factors(FACTORS, EMBEDDINGS, new, neighbours=2, power=2)
    np.testing.assert_allclose(found, [[0.9, 0.1]], rtol=1e-6)


def test_what_is_no_neighbour_has_no_part() -> None:
    new = unit((3.0, 1.0, 2.0))
    found = neighbour_factors(FACTORS, EMBEDDINGS, new, neighbours=2)
    np.testing.assert_allclose(found, [[0.6 - 0.4, 1.6]], rtol=1e-6)


def test_of_equally_near_items_the_first_count() -> None:
    same = EMBEDDINGS[[0, 0, 0]]
    assert neighbour_factors(FACTORS, same, EMBEDDINGS[:1], neighbours=2).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("power", [0.0, 1.0, 3.0])
def test_an_item_that_nothing_is_near_to_gets_zeros(power: float) -> None:
    new = -EMBEDDINGS[:1]
    assert neighbour_factors(FACTORS, EMBEDDINGS, new, 3, power).tolist() == [[0, 0]]


def test_where_no_item_is_known_there_are_zeros_and_where_none_is_new_no_rows() -> None:
    assert neighbour_factors(FACTORS[:0], EMBEDDINGS[:0], EMBEDDINGS, 2).tolist() == [[0, 0]] * 3
    assert neighbour_factors(FACTORS, EMBEDDINGS, EMBEDDINGS[:0], 2).shape == (0, 2)


@pytest.mark.parametrize("block_bytes", [1, 3000, content.BLOCK_BYTES])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(content, "BLOCK_BYTES", block_bytes)
    random = np.random.default_rng(5)
    # Quarters: exact in any order of summation, and full of ties.
    known, new = (random.integers(-2, 3, (count, 8)).astype(np.float32) / 4 for count in (301, 40))
    factors = random.integers(-4, 5, (301, 3)).astype(np.float32)

    found = neighbour_factors(factors, known, new, neighbours=7, power=2)

    similarities = (new @ known.T).astype(np.float64)
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :7]
    weights = np.maximum(np.take_along_axis(similarities, nearest, axis=1), 0) ** 2
    expected = (weights[:, :, None] * factors[nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("known", "new", "neighbours", "power"),
    [(EMBEDDINGS[:2], EMBEDDINGS, 1, 1.0), (EMBEDDINGS, EMBEDDINGS[:, :2], 1, 1.0), (EMBEDDINGS, EMBEDDINGS, 0, 1.0)]
    + [(EMBEDDINGS, EMBEDDINGS, 1, power) for power in (-1.0, float("nan"))],
)
def test_what_does_not_fit_is_refused(known: np.ndarray, new: np.ndarray, neighbours: int, power: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        neighbour_factors(FACTORS, known, new, neighbours, power)
