"""What a re-ranker learns from: candidates of an earlier day, what was known of them then, and who bought them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.blend_features import Facts
from overture.core.factors import Matrix
from overture.core.ranking import stored_pairs
from overture.core.rhythm import Whole


@dataclass(frozen=True)
class Examples:
    """One row for each candidate. names: of the columns. features: float32 (rows, names). is_bought: (rows,)."""

    names: tuple[str, ...]
    features: Matrix
    is_bought: npt.NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence["Examples"]) -> "Examples":
        """Return the rows of all, one part after the other; without any part there is no row and no column."""
        if not parts:
            return cls((), np.zeros((0, 0), np.float32), np.zeros(0, np.bool_))
        features = np.concatenate([part.features for part in parts])
        return cls(parts[0].names, features, np.concatenate([part.is_bought for part in parts]))

    @property
    def is_enough(self) -> bool:
        """Whether both kinds are there: of one alone nothing can be learnt."""
        return bool(self.is_bought.any() and not self.is_bought.all())


def examples_of_bought(facts: Facts, after: csr_matrix, is_allowed: npt.NDArray[np.bool_], depth: int) -> Examples:
    """Return each user's `depth` first habits that may be recommended, of the users who bought one of them again.

    after: (users, items), what is stored there was bought in the days that followed.
    """
    rhythm = facts.rhythm
    is_bought = np.isin(rhythm.keys, stored_pairs(after))
    kept = is_allowed[rhythm.items] & (facts.places < depth)
    kept &= _has_any(rhythm.users, is_bought & kept)
    entries = np.flatnonzero(kept)
    names, features = facts.of_bought(entries)
    return Examples(names, features, is_bought[entries])


def examples_of_new(
    names: tuple[str, ...], features: Matrix, users: Whole, items: Whole, after: csr_matrix
) -> Examples:
    """Return these candidates, of the users who bought one of them; row i of the features is of user and item i."""
    is_bought = np.isin(users * np.int64(after.shape[1]) + items, stored_pairs(after))
    kept = _has_any(users, is_bought)
    return Examples(names, features[kept], is_bought[kept])


def _has_any(users: Whole, is_bought: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each row whether its user has a row that was bought: others teach no order."""
    return np.isin(users, users[is_bought])
