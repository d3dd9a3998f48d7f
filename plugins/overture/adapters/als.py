"""The door to implicit: alternating least squares over our own confidence matrix."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from overture.core.confidence import Weights, confidence_of
from overture.core.factors import Factors, Matrix
from overture.core.parameters import need_number, need_whole
from overture.core.regularization import Regularization, usual_pairs
from overture.errors import SettingsError

if TYPE_CHECKING:
    from implicit.cpu.als import AlternatingLeastSquares

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
    frequency_scaling: float = 0.0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "AlsParameters":
        """Return the parameters of `config/als.toml`; raise SettingsError for one that is missing or out of range.

        What was stored before there was a parameter lacks it; its default is what was done then.
        """
        stated = {each.name: each.default for each in fields(cls) if each.default is not MISSING} | dict(config)
        for name in cls.__annotations__:
            try:
                _need(name, stated.get(name))
            except ValueError as error:
                raise SettingsError("bad parameter", where=f"als.toml, {name}", got=error) from error
        return cls(**{name: kind(stated[name]) for name, kind in cls.__annotations__.items()})

    def __post_init__(self) -> None:
        for name, value in self.as_mapping().items():
            _need(name, value)

    def regularization_for(self, weights: Weights) -> Regularization:
        """Return the regularization of users in a fit to these weights.

        It takes about its own amount off every singular value of the preferences, and those grow with the root of the
        number of pairs: a fixed one that is right for a big shop would leave nothing of a small one.
        """
        strength = float(self.relative_regularization * np.sqrt(weights.matrix.nnz))
        return Regularization(strength, self.frequency_scaling, usual_pairs(weights.matrix))

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
    need_whole("threads", threads, 1)
    if not weights.matrix.nnz:
        raise ValueError("nothing to learn from; expected: a user and item that weigh enough; got: none")
    confidence = confidence_of(weights.matrix, parameters.alpha)
    of_users = parameters.regularization_for(weights)
    by_user, transposed = _alike(confidence, of_users), confidence.T.tocsr()
    by_item = _alike(transposed, replace(of_users, usual=usual_pairs(transposed)))
    with one_blas_thread():
        # Without an iteration it does nothing but draw the start.
        model = _model(parameters.factors, threads, iterations=0, random_state=parameters.seed)
        model.fit(confidence, show_progress=False)
        users, items = model.user_factors, model.item_factors
        for _ in range(parameters.iterations):
            _solve(model, by_user, users, items)
            _solve(model, by_item, items, users)
        _solve_exactly(model, by_user, users, items)
    return Factors(users, items, weights.user_ids, weights.item_ids)


def fold_in(item_factors: Matrix, confidence: csr_matrix, regularization: Regularization, threads: int) -> Matrix:
    """Return the exact float32 (users, k) factors of users with this confidence in fitted items; 0 for an empty row.

    confidence: float32 CSR of (users, items). Each row is solved by one thread alone, so their number changes nothing.
    """
    users = np.zeros((confidence.shape[0], item_factors.shape[1]), np.float32)
    with one_blas_thread():
        model = _model(item_factors.shape[1], threads)
        _solve_exactly(model, _alike(confidence, regularization), users, item_factors)
    return users


@dataclass(frozen=True)
class _Alike:
    """Rows that are drawn to 0 equally strongly, with their pairs; `rows` is what they are indexed by."""

    rows: slice | npt.NDArray[np.int64]
    pairs: csr_matrix
    strength: float


def _alike(pairs: csr_matrix, regularization: Regularization) -> list[_Alike]:
    """Return the rows by strength: implicit takes one for all rows that it is given."""
    strengths = regularization.of(pairs)
    distinct = np.unique(strengths)
    if len(distinct) == 1:
        return [_Alike(slice(None), pairs, float(distinct[0]))]
    parts = ((np.flatnonzero(strengths == strength), strength) for strength in distinct)
    return [_Alike(rows, pairs[rows], float(strength)) for rows, strength in parts]


def _model(factors: int, threads: int, **others: int) -> "AlternatingLeastSquares":
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares(factors=factors, alpha=1.0, num_threads=threads, **others)


def _solve(model: "AlternatingLeastSquares", parts: list[_Alike], factors: Matrix, others: Matrix) -> None:
    """Replace factors by what solves their rows' normal equations, the others fixed, beginning with what they are."""
    for part in parts:
        solved = np.ascontiguousarray(factors[part.rows])
        model.solver(part.pairs, solved, others, part.strength, num_threads=model.num_threads)
        factors[part.rows] = solved


def _solve_exactly(model: "AlternatingLeastSquares", parts: list[_Alike], factors: Matrix, others: Matrix) -> None:
    """Take as many steps as a row needs, and no more than twice the number of factors.

    Without rounding, conjugate gradients are exact after as many steps as there are factors; most rows are there after
    a few. As near to the solution as implicit's Cholesky (`recalculate_user`), which takes three times as long for
    users that were just fitted.
    """
    model.cg_steps = 2 * others.shape[1]
    _solve(model, parts, factors, others)
