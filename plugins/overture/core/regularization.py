"""How strongly factors are drawn to 0: all alike, or the more strongly the more pairs a user or an item has."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

STEPS_TO_DOUBLE: Final = 4
"""Strengths go by numbers of pairs rounded to quarters of a doubling: rows of one strength are solved at once.

Halves of one cost .3 % of the nDCG on a drawn shop of 1.7 million pairs, eighths win nothing.
"""


@dataclass(frozen=True)
class Regularization:
    """What is added to the diagonal of a row's normal equations: strength * (pairs / usual) ** power.

    strength: of a row with the usual number of pairs, 0 or more. power: 0 draws all rows alike (Hu, Koren and Volinsky,
    2008), 1 in proportion to their pairs (Zhou et al., 2008); "frequency scaling" to Rendle et al., "Revisiting the
    performance of iALS on item recommendation benchmarks" (2022). usual: above 0.
    """

    strength: float
    power: float = 0.0
    usual: float = 1.0

    def of(self, pairs: csr_matrix) -> npt.NDArray[np.float64]:
        """Return the (rows,) float64 strengths for the stored pairs of each row; a row without any counts as one.

        >>> Regularization(3.0, power=1.0, usual=2.0).of(csr_matrix([[1, 1, 1, 1], [1, 1, 0, 0]])).tolist()
        [6.0, 3.0]
        """
        counts = np.maximum(np.diff(pairs.indptr), 1)
        doublings = np.round(STEPS_TO_DOUBLE * np.log2(counts / self.usual)) / STEPS_TO_DOUBLE
        return np.asarray(self.strength * np.exp2(self.power * doublings), np.float64)


def usual_pairs(pairs: csr_matrix) -> float:
    """Return how many pairs a row of middling size stores, of those that store any; 1 where none does.

    >>> usual_pairs(csr_matrix([[1, 1, 1], [1, 0, 0], [0, 0, 0]]))
    2.0
    """
    counts = np.diff(pairs.indptr)
    return float(np.median(counts[counts > 0])) if counts.any() else 1.0
