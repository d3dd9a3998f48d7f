"""The door to LightGBM: small boosted trees that say how likely a candidate is to be bought."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from overture.core.blend_examples import Examples
from overture.core.factors import Matrix
from overture.core.parameters import need_number, need_whole
from overture.errors import ArtifactError

PACKAGE: Final = "lightgbm"
"""The package whose version goes into manifests."""

THREADS: Final = 1
"""In trees so small, threads mostly wait for each other: on two busy cores, two took many times as long as one."""


@dataclass(frozen=True)
class Rank:
    """Trees that were learnt. text: as LightGBM writes them; read again, they score the same, bit for bit."""

    text: str

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise ArtifactError("no trees", where="ranker", expected="a model of LightGBM", got=error) from error

    def __call__(self, names: tuple[str, ...], features: Matrix) -> npt.NDArray[np.float64]:
        """Return (rows,) log odds of float32 (rows, names) features; greater is likelier.

        Raises ArtifactError for trees that are none, and for features that are not those of the examples.
        """
        learnt = tuple(self._booster.feature_name())
        if names != learnt:
            expected, got = f"{len(learnt)}: {', '.join(learnt)}", f"{len(names)}: {', '.join(names)}"
            raise ArtifactError("trees of other features", where="ranker", expected=expected, got=got)
        if not len(features):
            return np.zeros(0)
        return np.asarray(self._booster.predict(features, raw_score=True, num_threads=THREADS), np.float64)


@dataclass(frozen=True)
class Trees:
    """What the trees depend on beside the examples.

    rounds, leaves, least_rows: how many trees, leaves of each, and examples in a leaf, 1 or more (leaves: 2 or more).
    learning_rate, shrinkage (on the leaves' sums, L2): 0 or more. share: of the features that a tree may use, above 0.
    seed: draws them. Raises ValueError for a number out of range.
    """

    rounds: int
    leaves: int
    least_rows: int
    learning_rate: float
    shrinkage: float
    share: float
    seed: int

    def __post_init__(self) -> None:
        for name, least in (("rounds", 1), ("leaves", 2), ("least_rows", 1), ("seed", 0)):
            need_whole(name, getattr(self, name), least)
        need_number("learning_rate", self.learning_rate, 0)
        need_number("shrinkage", self.shrinkage, 0)
        need_number("share", self.share, 0.01, 1)

    def fit(self, examples: Examples) -> Rank:
        """Learn from examples of both kinds; the same examples and LightGBM give the same trees, bit for bit.

        Each candidate is judged by itself (log loss): measured beside lambdarank, see `adapters.blend`.
        """
        import lightgbm

        parameters = {
            "objective": "binary",
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "learning_rate": self.learning_rate,
            "lambda_l2": self.shrinkage,
            "feature_fraction": self.share,
            "max_bin": 127,
            "seed": self.seed,
            "num_threads": THREADS,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        rows = lightgbm.Dataset(
            examples.features,
            examples.is_bought.astype(np.float32),
            feature_name=list(examples.names),
            params=parameters,
        )
        return Rank(lightgbm.train(parameters, rows, self.rounds).model_to_string())
