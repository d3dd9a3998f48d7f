"""Which items each reader is recommended: what is new by what was learnt, else by popularity; and what is due again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.diversity import Tags, Variety, choose
from overture.core.history import Items
from overture.core.offers import Audiences
from overture.core.ranking import (
    BLEND,
    HABITS,
    POPULAR,
    POPULAR_IN_GROUP,
    STRATEGIES,
    Positions,
    RankedLists,
    Scores,
    fill_up,
    most_popular,
)
from overture.core.scoring import SumOfScores, best_of, values_at
from overture.core.strategies import Asked

BLOCK_BYTES = 32 * 2**20
"""Upper bound for the float32 scores of one block of users over the allowed items."""


Best = Callable[[Asked, int], tuple[Positions, Scores]]
"""Returns the k best items of each user asked for, -1 past the end, with the scores that order them."""


@dataclass(frozen=True)
class Shelf:
    """What fills a list where nothing was learnt of the reader: an order of items for each of some groups of readers.

    strategy: one of STRATEGIES. items: (groups, n) item positions, best first, -1 past the end. scores: of the same
    shape. group_of: (readers,) which group each reader is in, -1 for none.
    """

    strategy: str
    items: Positions
    scores: Scores
    group_of: Positions


@dataclass(frozen=True)
class Wishes:
    """What the shop wishes of the lists beside foresight.

    length: items in a list. pool: candidates of each reader that a list is chosen from, `length` or more. variety: how
    varied a list must be. tags: see `diversity.choose`. offers: for whom each item is on offer. boost: what a score
    is multiplied by where the item is on offer for the reader, 1 or more.
    """

    length: int
    pool: int
    variety: Variety
    tags: Tags
    offers: Audiences
    boost: float


def discover(
    ways: Mapping[str, Best], rungs: npt.NDArray[np.int8], asked: Asked, shelves: Sequence[Shelf], wishes: Wishes
) -> tuple[RankedLists, int]:
    """Return one list of items that the reader never bought, for each reader asked for.

    ways: what has learnt, by strategy. rungs: (readers,) positions in STRATEGIES, which way each reader's list is made;
    -1 for a reader of whom too little is known. What is left free, and the lists of readers without a way, is filled
    from the shelves in their order. Only allowed items are listed. Also returns how many candidates the variety passed
    over.
    """
    length, passed_over = wishes.length, 0
    lists = RankedLists.empty(len(asked), length)
    for strategy, best in ways.items():
        rung = STRATEGIES.index(strategy)
        for rows in in_blocks(np.flatnonzero(rungs == rung), int(asked.is_allowed.sum())):
            candidates, scores = best(asked.rows(rows), wishes.pool)
            if wishes.boost != 1:
                scores[wishes.offers.reach(rows, candidates)] *= wishes.boost
            chosen = choose(*in_order(candidates, scores), wishes.tags, wishes.variety, length)
            lists.items[rows], lists.scores[rows] = chosen.items, chosen.scores
            lists.strategies[rows] = np.where(chosen.items >= 0, rung, -1)
            passed_over += chosen.passed_over
    short = np.flatnonzero((lists.items < 0).any(axis=1))
    struck_out = asked.struck_out[short]
    part_of = RankedLists(lists.items[short], lists.scores[short], lists.strategies[short])
    for shelf in shelves:
        if len(short) and shelf.items.size:
            group = shelf.group_of[short]
            items = np.where(group[:, None] >= 0, shelf.items[group], -1)
            fill_up(part_of, shelf.strategy, items, shelf.scores[group], struck_out)
    lists.items[short], lists.scores[short], lists.strategies[short] = part_of.items, part_of.scores, part_of.strategies
    return lists, passed_over


def in_blocks(rows: Positions, items: int) -> list[Positions]:
    """Return the rows in blocks whose scores of so many items are not too large."""
    size = max(1, BLOCK_BYTES // (4 * max(1, items)))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def in_order(candidates: Positions, scores: Scores) -> tuple[Positions, Scores]:
    """Return candidates and their scores in order of the scores; of equals, and of free places, the order stays."""
    order = np.argsort(np.where(candidates >= 0, -scores, np.inf), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(scores, order, axis=1)


def candidates_to_explore(learnt: SumOfScores, asked: Asked, is_new: npt.NDArray[np.bool_], count: int) -> Positions:
    """Return the `count` best new items of each reader asked for, -1 where there are fewer.

    is_new: (items,) which of the allowed items are new.
    """
    allowed = learnt.allowed[is_new[learnt.allowed]]
    of_new = replace(learnt, parts=[replace(part, allowed=allowed) for part in learnt.parts])
    found = np.full((len(asked), count), -1, np.int64)
    for rows in in_blocks(np.arange(len(asked) if len(allowed) else 0), len(allowed)):
        part = replace(asked.rows(rows), is_allowed=asked.is_allowed & is_new)
        found[rows] = best_of(of_new, part, count)[0]
    return found


def replenish(habits: csr_matrix, asked: Asked, length: int, order: Best | None = None) -> tuple[RankedLists, Scores]:
    """Return one list of items that the reader bought before, most due first, for each reader asked for.

    habits: (users of the history, items) CSR of scores. order: another order than theirs, by strategy BLEND. A reader
    who bought fewer has a shorter list. Also returns what that order goes by, nan without it.
    """
    values, strategy = habits[asked.positions], BLEND
    if order is None:
        items, strategy = asked.best_of_bought(values, length), HABITS
        chances = np.full(items.shape, np.nan)
    else:
        parts = [order(asked.rows(rows), length) for rows in in_blocks(np.arange(len(asked)), len(asked.is_allowed))]
        nothing = np.zeros((0, length))
        items = np.concatenate([nothing.astype(np.int64), *(found for found, _ in parts)])
        chances = np.concatenate([nothing, *(found for _, found in parts)])
    scores = values_at(values, np.arange(len(asked)), items)
    strategies = np.where(items >= 0, STRATEGIES.index(strategy), -1).astype(np.int8)
    return RankedLists(items, scores, strategies), np.where(items >= 0, chances, np.nan)


def popular_shelves(items: Items, asked: Asked, length: int, in_groups: tuple[csr_matrix, Positions]) -> list[Shelf]:
    """Return what is popular with readers of the same kind, and at all.

    Popular items of the favourite department are not among them: to users of whom one item was kept they foresaw the
    next week with an nDCG@10 of .088 (2017-06-13) and .086 (2017-07-11), those of the same age and income .134 and
    .121, popular ones at all .131 and .121.

    in_groups: (groups, items) CSR of buyers in 28 days, and which group each reader is in, -1 for none.
    """
    # Deep enough for a reader who bought all that stands at the top.
    depth = int(np.diff(asked.struck_out.indptr).max(initial=0)) + length
    at_all = most_popular(items.buyers_28d, np.zeros(len(items.buyers_28d), np.int64), 1, asked.is_allowed, depth)
    of_groups, group_scores = _by_group(in_groups[0], asked.is_allowed, depth)
    buyers = np.append(items.buyers_28d, 0.0)  # the last is where -1 points to
    return [
        Shelf(POPULAR_IN_GROUP, of_groups, group_scores, in_groups[1]),
        Shelf(POPULAR, at_all, buyers[at_all], np.zeros(len(asked), np.int64)),
    ]


def _by_group(buyers: csr_matrix, allowed: npt.NDArray[np.bool_], depth: int) -> tuple[Positions, Scores]:
    """Return each group's allowed items with most buyers, of equals the first, and how many; -1 and 0 past the end."""
    found = np.full((buyers.shape[0], depth), -1, np.int64)
    scores = np.zeros(found.shape)
    groups = np.repeat(np.arange(buyers.shape[0]), np.diff(buyers.indptr))
    kept = np.flatnonzero(allowed[buyers.indices])
    order = kept[np.lexsort((buyers.indices[kept], -buyers.data[kept], groups[kept]))]
    place = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    order, place = order[place < depth], place[place < depth]
    found[groups[order], place], scores[groups[order], place] = buyers.indices[order], buyers.data[order]
    return found, scores
