"""Which of a reader's best candidates make a varied list: at most a few of a category, and little that is alike."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.ranking import Positions, Scores

Tags = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Variety:
    """How varied a list must be. most_of_a_category: items of one category in a list, 1 or more.

    relevance: lambda of maximal marginal relevance (Carbonell and Goldstein, 1998), above 0 to 1: the weight of the
    score against the likeness to what is chosen already; 1 chooses by score alone. Raises ValueError for others.
    """

    most_of_a_category: int
    relevance: float

    def __post_init__(self) -> None:
        if self.most_of_a_category < 1:
            raise ValueError(f"most_of_a_category; expected: 1 or more; got: {self.most_of_a_category}")
        if not 0 < self.relevance <= 1:
            raise ValueError(f"relevance; expected: above 0 to 1; got: {self.relevance}")


@dataclass(frozen=True)
class Chosen:
    """Lists in order of their scores: items (users, length) int64, -1 past the end; scores float64, 0 there.

    passed_over: candidates of all users that scored more than the last one chosen and were left out.
    """

    items: Positions
    scores: Scores
    passed_over: int


def choose(candidates: Positions, scores: Scores, tags: Tags, variety: Variety, length: int) -> Chosen:
    """Choose `length` of each user's candidates.

    candidates: (users, m) item positions, best first, -1 past the end. scores: of the same shape, above 0. tags:
    (items, n) codes, the first of them the category; codes are equal where tags are, and a missing tag has a code of
    its own. Likeness is the Jaccard index of the tags. Of equals the candidate that stands first is chosen.
    """
    is_free = candidates >= 0
    own = tags[candidates]
    best = np.maximum(scores.max(axis=1, initial=0, keepdims=True), np.finfo(float).tiny)
    likeness = np.zeros(candidates.shape)
    of_category = np.zeros(candidates.shape, np.int64)
    is_chosen = np.zeros(candidates.shape, np.bool_)
    users = np.arange(len(candidates))
    for _ in range(min(length, candidates.shape[1])):
        value = variety.relevance * scores / best - (1 - variety.relevance) * likeness
        value[~is_free | (of_category >= variety.most_of_a_category)] = -np.inf
        place = value.argmax(axis=1)
        found = users[np.isfinite(value[users, place])]
        place = place[found]
        is_chosen[found, place], is_free[found, place] = True, False
        same = own[found] == own[found, place][:, None, :]
        shared = same.sum(axis=2)
        likeness[found] = np.maximum(likeness[found], shared / (2 * tags.shape[1] - shared))
        of_category[found] += same[:, :, 0]
    return _in_order(candidates, scores, is_chosen, length)


def _in_order(candidates: Positions, scores: Scores, is_chosen: npt.NDArray[np.bool_], length: int) -> Chosen:
    order = np.argsort(np.where(is_chosen, -scores, np.inf), axis=1, kind="stable")[:, :length]
    kept = np.take_along_axis(is_chosen, order, axis=1)
    items = np.full((len(candidates), length), -1, np.int64)
    found = np.zeros(items.shape)
    items[:, : order.shape[1]] = np.where(kept, np.take_along_axis(candidates, order, axis=1), -1)
    found[:, : order.shape[1]] = np.where(kept, np.take_along_axis(scores, order, axis=1), 0.0)
    last = np.where(is_chosen, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    passed_over = int(((candidates >= 0) & ~is_chosen & (scores > last)).sum())
    return Chosen(items, found, passed_over)
