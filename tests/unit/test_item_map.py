import numpy as np
import pytest

from overture.core.item_map import lay_out


def two_kinds(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    kinds = np.repeat([[3.0, 0, 0, 0], [0, 0, 5, 0]], 40, axis=0)
    return (kinds + rng.normal(0, 0.2, kinds.shape)).astype(np.float32)


def test_items_that_the_same_people_like_lie_together() -> None:
    places = lay_out(two_kinds()).places[:, 0]
    first, second = places[:40], places[40:]
    assert abs(first.mean() - second.mean()) > 4 * max(first.std(), second.std())


def test_how_often_an_item_is_bought_does_not_move_it() -> None:
    factors = two_kinds()
    louder = factors * np.linspace(0.1, 9, len(factors), dtype=np.float32)[:, None]
    np.testing.assert_allclose(lay_out(louder).places, lay_out(factors).places, atol=1e-5)


def test_the_same_factors_give_the_same_places_and_a_mirrored_one_is_not_among_them() -> None:
    first, again = lay_out(two_kinds()), lay_out(two_kinds())
    assert first.places.tobytes() == again.places.tobytes()
    assert 0.9 < first.explained <= 1


@pytest.mark.parametrize("factors", [np.zeros((0, 4)), np.zeros((3, 4)), np.ones((1, 4)), np.ones((5, 1))])
def test_factors_that_tell_nothing_put_every_item_in_one_spot(factors: np.ndarray) -> None:
    plane = lay_out(factors.astype(np.float32))
    assert plane.places.shape == (len(factors), 2)
    assert np.allclose(plane.places, 0)
    assert plane.explained == 0
