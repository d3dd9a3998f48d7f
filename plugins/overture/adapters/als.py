"""The door to implicit: alternating least squares over our own confidence matrix."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from overture.core.confidence import Weights, confidence_of
from overture.core.factors import Factors, Matrix
from overture.core.parameters import need_number, need_whole
from overture.errors import SettingsError

PACKAGE = "implicit"
"""The package whose version goes into manifests."""

WHOLE = {"factors": 1, "iterations": 1, "seed": 0}
"""Parameters that are whole numbers, each with the least that it may be."""


@dataclass(frozen=True)
class AlsParameters:
    """What a fit depends on beside its input; `config/als.toml` says how each was chosen.

    factors, iterations: whole, 1 or more. seed: whole, 0 or more. The others: finite, 0 or more. Raises ValueError
    where one is not.
    """

    factors: int
    relative_regularization: float
    iterations: int
    alpha: float
    least_weight: float
    seed: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "AlsParameters":
        """Return the parameters of `config/als.toml`; raise SettingsError for one that is missing or out of range."""
        for name in cls.__annotations__:
            try:
                _need(name, config.get(name))
            except ValueError as error:
                raise SettingsError("bad parameter", where=f"als.toml, {name}", got=error) from error
        return cls(**{name: kind(config[name]) for name, kind in cls.__annotations__.items()})

    def __post_init__(self) -> None:
        for name, value in self.as_mapping().items():
            _need(name, value)

    def regularization_for(self, weights: Weights) -> float:
        """Return the regularization of a fit to these weights.

        It takes about its own amount off every singular value of the preferences, and those grow with the root of the
        number of pairs: a fixed one that is right for a big shop would leave nothing of a small one.
        """
        return float(self.relative_regularization * np.sqrt(weights.matrix.nnz))

    def as_mapping(self) -> dict[str, int | float]:
        """Return the parameters by name."""
        return asdict(self)


def _need(name: str, value: object) -> None:
    if name in WHOLE:
        need_whole(name, value, WHOLE[name])
    else:
        need_number(name, value, 0)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy, scipy and implicit to one BLAS thread: the sums of more depend on how many there are."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def fit_factors(weights: Weights, parameters: AlsParameters, threads: int) -> Factors:
    """Fit factors to the confidence 1 + alpha * weight.

    The same weights, parameters and implicit give the same factors, bit for bit, whatever the number of threads and
    whatever order the interactions were read in: `weights` is sorted, the start comes from the seed, each row is
    solved by one thread alone, and BLAS, whose sums depend on its threads, has one.

    implicit takes what is stored as the confidence itself (its own alpha, left at 1, would make alpha * weight of
    it). It ends with the items and solves by a few steps of conjugate gradients, so the users are solved once more,
    exactly: only then is a score the sum of what each past item adds to it. Raises ValueError for weights without any
    pair, and for less than one thread.
    """
    from implicit.cpu.als import AlternatingLeastSquares

    need_whole("threads", threads, 1)
    if not weights.matrix.nnz:
        raise ValueError("nothing to learn from; expected: a user and item that weigh enough; got: none")
    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=parameters.factors,
            regularization=parameters.regularization_for(weights),
            alpha=1.0,
            iterations=parameters.iterations,
            num_threads=threads,
            random_state=parameters.seed,
        )
        confidence = confidence_of(weights.matrix, parameters.alpha)
        model.fit(confidence, show_progress=False)
    item_factors = np.asarray(model.item_factors, np.float32)
    user_factors = fold_in(item_factors, confidence, parameters.regularization_for(weights), threads)
    return Factors(user_factors, item_factors, weights.user_ids, weights.item_ids)


def fold_in(item_factors: Matrix, confidence: csr_matrix, regularization: float, threads: int) -> Matrix:
    """Return the exact float32 (users, k) factors of users with this confidence in fitted items; 0 for an empty row.

    confidence: float32 CSR of (users, items). Each row is solved by one thread alone, so their number changes nothing.
    """
    from implicit.cpu.als import AlternatingLeastSquares

    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=item_factors.shape[1], regularization=regularization, alpha=1.0, num_threads=threads
        )
        model.item_factors = item_factors
        solved = model.recalculate_user(np.arange(confidence.shape[0]), confidence)
    return np.asarray(solved, np.float32)
