from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix, random_array

from overture.core import factors as factors_module
from overture.core.factors import Factors, strongest_reasons

REGULARIZATION = 0.7


def good_parts() -> dict[str, Any]:
    return {
        "user_factors": np.ones((2, 3), np.float32),
        "item_factors": np.ones((1, 3), np.float32),
        "user_ids": np.array(["ana", "ben"]),
        "item_ids": np.array(["milk"]),
    }


@pytest.mark.parametrize(
    ("part", "value", "complaint"),
    [
        ("user_factors", np.ones((3, 3), np.float32), "one float32 row for each id"),
        ("user_factors", np.ones((2, 3)), "one float32 row for each id"),
        ("item_factors", np.full((1, 3), np.nan, np.float32), "finite"),
        ("item_factors", np.ones((1, 4), np.float32), "one number of dimensions"),
        ("user_ids", np.array(["ben", "ana"]), "sorted and unique"),
        ("user_ids", np.array(["ana", "ana"]), "sorted and unique"),
    ],
)
def test_factors_that_do_not_fit_their_ids_are_refused(part: str, value: object, complaint: str) -> None:
    Factors(**good_parts())

    with pytest.raises(ValueError, match=complaint):
        Factors(**good_parts() | {part: value})


def contributions_one_by_one(
    item_factors: npt.NDArray[np.float32], confidence: npt.NDArray[np.float32], target: int
) -> npt.NDArray[np.float64]:
    """The formula as the paper writes it, for one user."""
    y = item_factors.astype(np.float64)
    inverse = np.linalg.inv(
        y.T @ np.diag(np.where(confidence > 0, confidence, 1)) @ y + REGULARIZATION * np.eye(y.shape[1])
    )
    return (y @ inverse @ y[target]) * confidence


@pytest.mark.parametrize("block_bytes", [1, factors_module.BLOCK_BYTES])
def test_the_reason_is_the_past_item_that_adds_most_to_the_score(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(factors_module, "BLOCK_BYTES", block_bytes)
    random = np.random.default_rng(7)
    item_factors = random.normal(size=(40, 6)).astype(np.float32)
    history = csr_matrix(random_array((25, 40), density=0.2, rng=random, dtype=np.float32))
    history.data += 1
    history = csr_matrix(history.multiply((np.arange(25) != 3)[:, None]))
    history.eliminate_zeros()
    targets = random.integers(0, 40, size=(25, 4))

    reasons = strongest_reasons(item_factors, history, targets, REGULARIZATION, np.arange(40))

    for user, (wanted, found) in enumerate(zip(targets, reasons, strict=True)):
        confidence = history[[user]].toarray().ravel()
        for target, reason in zip(wanted, found, strict=True):
            addends = contributions_one_by_one(item_factors, confidence, target)
            addends[(confidence == 0) | (np.arange(40) == target)] = -np.inf
            assert reason == (-1 if user == 3 else addends.argmax())


def test_there_is_no_reason_without_a_target() -> None:
    reasons = strongest_reasons(
        np.eye(3, dtype=np.float32), csr_matrix([[2.0, 0, 0]]), np.array([[-1, 1]]), REGULARIZATION, np.arange(3)
    )

    assert reasons.tolist() == [[-1, 0]]


def test_the_item_itself_its_namesakes_and_nameless_ones_are_reasons_only_where_there_is_no_other() -> None:
    item_factors = np.array([[1.0, 0.0], [0.9, 0.1], [0.1, 0.9]], np.float32)
    all_bought = csr_matrix(np.full((1, 3), 2.0, np.float32))
    only_itself = csr_matrix(np.array([[2.0, 0.0, 0.0]], np.float32))

    def reason(history: csr_matrix, names: list[int]) -> int:
        return int(strongest_reasons(item_factors, history, np.array([[0]]), REGULARIZATION, np.array(names)).item())

    assert reason(all_bought, [0, 1, 2]) == 1
    assert reason(all_bought, [0, 0, 2]) == 2
    assert reason(all_bought, [0, -1, 2]) == 2
    assert reason(only_itself, [0, 1, 2]) == 0
