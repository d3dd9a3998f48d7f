"""Lays items out in the plane by their factors: the two directions in which they differ most."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.factors import Matrix


@dataclass(frozen=True)
class Plane:
    """Where items lie. places: float64 (items, 2). explained: share of the variance in the two directions, 0 to 1."""

    places: npt.NDArray[np.float64]
    explained: float


def lay_out(factors: Matrix) -> Plane:
    """Return the first two principal components of the directions of item factors of shape (items, k).

    Only where a factor points counts: its length tells how often an item is bought, and the most bought few would press
    all others into one spot. The same factors give the same places: each direction is turned so that its greatest
    loading is positive, for which way an eigenvector points is chance.
    Fewer than two items, or factors of one direction, leave zeros there.
    """
    places = np.zeros((len(factors), 2))
    if not factors.size:
        return Plane(places, 0.0)
    lengths = np.linalg.norm(factors, axis=1, keepdims=True).astype(np.float64)
    directions = np.divide(factors, lengths, out=np.zeros(factors.shape), where=lengths > 0)
    centred = directions - directions.mean(axis=0)
    # Of the k x k covariance: k is a hundred or less, items may be a million.
    values, vectors = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(values)[::-1][:2]
    for column, direction in enumerate(vectors[:, order].T):
        turned = direction * (1 if direction[np.abs(direction).argmax()] >= 0 else -1)
        places[:, column] = centred @ turned
    total = values.clip(min=0).sum()
    return Plane(places, float(values[order].clip(min=0).sum() / total) if total > 0 else 0.0)
