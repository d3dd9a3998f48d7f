"""What learning and ranking do with input that cannot be: a clear error, never a list that is empty without a word."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters, fit_factors
from overture.configuration import load_config
from overture.core.behaviour import Interactions
from overture.core.confidence import Weights, confidence_of, weigh
from overture.core.factors import Factors
from overture.core.ranking import rank_by_factors
from overture.errors import SettingsError

PARAMETERS = replace(AlsParameters.from_config(load_config("als")), factors=4, iterations=3)


def interactions(
    users: list[int], items: list[int], weights: list[float], kind: type[np.integer] = np.int32
) -> Interactions:
    """Of three users and three items whose ids do not fit into 32 bits."""
    ids = np.array([str(2**32), str(2**40), str(2**62)])
    weight, nothing = np.array(weights, np.float64), np.zeros(len(weights), np.int64)
    return Interactions(ids, ids, np.array(users, kind), np.array(items, kind), weight, weight, nothing, nothing, "")


def weights_of(table: list[list[float]]) -> Weights:
    matrix = csr_matrix(np.array(table))
    users, items = (np.char.mod("%03d", np.arange(count)) for count in matrix.shape)
    return Weights(matrix, users, items)


def lists_of(factors: Factors, bought: csr_matrix, length: int = 2) -> npt.NDArray[np.int64]:
    everything = np.ones(len(factors.item_ids), np.bool_)
    return rank_by_factors(factors.user_factors, factors.item_factors, everything, bought, length).items


def test_an_empty_window_leaves_nothing_to_learn_from_and_says_so() -> None:
    nothing = interactions([], [], [])
    weights = weigh(nothing, nothing.weights, least_weight=0.1)
    assert weights.matrix.shape == (0, 0)
    with pytest.raises(ValueError, match="nothing to learn from; expected: a user and item that weigh enough"):
        fit_factors(weights, PARAMETERS, threads=1)


@pytest.mark.parametrize("table", [[[2.0, 1.0, 1.0]], [[1.0], [2.0], [1.0]], [[1.0]]], ids=["user", "item", "pair"])
def test_one_user_or_one_item_alone_has_factors_and_a_list(table: list[list[float]]) -> None:
    factors = fit_factors(weights_of(table), PARAMETERS, threads=1)
    shape = (len(table), len(table[0]))
    found = lists_of(factors, csr_matrix(shape), length=3)
    assert [sorted(row[row >= 0].tolist()) for row in found] == [list(range(shape[1]))] * shape[0]


def test_weights_that_are_all_equal_are_told_apart_by_who_has_what() -> None:
    taste = np.kron(np.eye(2), np.ones((6, 6)))
    taste[[0, 6], [0, 6]] = 0.0
    factors = fit_factors(weights_of((0.5 * taste).tolist()), PARAMETERS, threads=1)
    found = lists_of(factors, csr_matrix(taste), length=1)
    assert (found[0], found[6]) == ([0], [6])


def test_where_everybody_has_everything_alike_a_list_is_whole() -> None:
    factors = fit_factors(weights_of([[1.0] * 5] * 4), PARAMETERS, threads=1)
    assert (lists_of(factors, csr_matrix((4, 5)), length=5) >= 0).all()


@pytest.mark.parametrize("bad", [-1, 3, 2**32, 2**40])
def test_a_user_or_item_that_has_no_id_is_refused(bad: int) -> None:
    for side, given in (("user", ([0, bad], [0, 1])), ("item", ([0, 1], [0, bad]))):
        unknown = interactions(*given, [1.0, 1.0], kind=np.int64)
        with pytest.raises(ValueError, match=f"{side} positions; expected: 0 to 2; got: 1 others, the first {bad}"):
            weigh(unknown, unknown.weights, least_weight=0.1)


def test_ids_beyond_32_bits_are_ids_like_any_other() -> None:
    given = interactions([2, 0], [0, 1], [1.0, 2.0])
    found = weigh(given, given.weights, least_weight=0.1)
    assert found.user_ids.tolist() == [str(2**32), str(2**62)]
    assert found.matrix.toarray().tolist() == [[0.0, 2.0], [1.0, 0.0]]


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
def test_a_least_weight_that_no_weight_can_reach_or_miss_is_refused(bad: float) -> None:
    given = interactions([0], [0], [1.0])
    with pytest.raises(ValueError, match="least_weight; expected: a finite number, 0 or more"):
        weigh(given, given.weights, bad)


def test_weights_of_other_interactions_are_refused() -> None:
    with pytest.raises(ValueError, match="weights; expected: one for each of 2 interactions; got: 1"):
        weigh(interactions([0, 1], [0, 1], [1.0, 1.0]), np.ones(1), least_weight=0.1)


@pytest.mark.parametrize("alpha", [-1.0, np.nan, np.inf])
def test_an_alpha_that_is_negative_or_not_finite_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha; expected: a finite number, 0 or more"):
        confidence_of(csr_matrix([[1.0]]), alpha)


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e39, -2.0])
def test_a_weight_that_single_precision_cannot_hold_or_that_is_no_weight_is_no_confidence(weight: float) -> None:
    with pytest.raises(ValueError, match="confidence; expected: finite, 1 or more; got: 1 others"):
        confidence_of(csr_matrix([[1.0, weight]]), alpha=1.0)


@pytest.mark.parametrize("name", list(AlsParameters.__annotations__))
@pytest.mark.parametrize("bad", [-1, np.nan, np.inf, "two", None, True])
def test_a_parameter_of_the_fit_that_cannot_be_is_refused_by_name(name: str, bad: object) -> None:
    with pytest.raises(SettingsError, match=f"bad parameter; where: als.toml, {name}; .*got: {bad!r}"):
        AlsParameters.from_config({**load_config("als"), name: bad})
    with pytest.raises(ValueError, match=f"{name}; expected: .*; got: {bad!r}"):
        replace(PARAMETERS, **{name: bad})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["factors", "iterations", "seed"])
def test_half_a_factor_iteration_or_seed_is_refused_and_not_cut_off(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*a whole number.*got: 1.5"):
        AlsParameters.from_config({**load_config("als"), name: 1.5})


@pytest.mark.parametrize("threads", [0, -1])
def test_a_fit_without_threads_is_refused(threads: int) -> None:
    with pytest.raises(ValueError, match="threads; expected: a whole number, 1 or more"):
        fit_factors(weights_of([[1.0]]), PARAMETERS, threads)


def test_lists_of_no_items_cannot_be_asked_for() -> None:
    factors = fit_factors(weights_of([[1.0, 1.0]]), PARAMETERS, threads=1)
    with pytest.raises(ValueError, match="length; expected: a whole number, 1 or more; got: 0"):
        lists_of(factors, csr_matrix((1, 2)), length=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["user", "item"])
def test_factors_that_are_not_finite_rank_nothing_and_are_refused(side: str, bad: float) -> None:
    users, items = np.ones((3, 2), np.float32), np.ones((4, 2), np.float32)
    (users if side == "user" else items)[1, 0] = bad
    with pytest.raises(ValueError, match=f"{side} factors; expected: finite; got: 1 rows that are not"):
        rank_by_factors(users, items, np.ones(4, np.bool_), csr_matrix((3, 4)), length=2)


@pytest.mark.parametrize(
    ("allowed", "excluded", "message"),
    [
        (3, (3, 4), "allowed; expected: one for each item, 4; got: 3"),
        (4, (2, 4), r"excluded; expected: \(3, 4\); got: \(2, 4\)"),
        (4, (3, 5), r"excluded; expected: \(3, 4\); got: \(3, 5\)"),
    ],
)
def test_what_is_told_of_other_users_or_items_is_refused(allowed: int, excluded: tuple[int, int], message: str) -> None:
    users, items = np.ones((3, 2), np.float32), np.ones((4, 2), np.float32)
    with pytest.raises(ValueError, match=message):
        rank_by_factors(users, items, np.ones(allowed, np.bool_), csr_matrix(excluded), length=2)
