"""Which items each reader is recommended, and why: the rules of the shop around the ranking."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.behaviour import Behaviour, ItemFacts, Readers, pairs_of, positions_of
from overture.core.factors import Factors, strongest_reasons
from overture.core.ranking import (
    ALS,
    POPULAR,
    POPULAR_IN_DEPARTMENT,
    STRATEGIES,
    RankedLists,
    fill_up,
    most_popular,
    rank_by_factors,
)


@dataclass(frozen=True)
class Rules:
    """The shop's rules of recommending; `config/ranking.toml` says why each is as it is.

    list_length: items in a list. excluded_days: so long ago, the data day included, the last purchase must be.
    least_history: users with fewer items to learn from are ranked by popularity.
    """

    list_length: int
    excluded_days: int
    least_history: int


def recommend(
    factors: Factors, history_lengths: npt.NDArray[np.integer], behaviour: Behaviour, rules: Rules
) -> RankedLists:
    """Return one list for each reader; items are positions in the behaviour's facts.

    history_lengths: for each of `factors.user_ids`, the items that the factors were learned from.

    Only promotable, available items that the reader has not bought lately. What was bought longer ago may come again:
    a shop of daily needs lives on it. The factors fill a list first; then what is popular in the reader's favourite
    department; then what is popular at all.
    """
    interactions, facts, readers = behaviour.interactions, behaviour.facts, behaviour.readers
    allowed = facts.is_promotable & facts.is_available
    bought_lately = (interactions.bought_days_ago >= 0) & (interactions.bought_days_ago < rules.excluded_days)
    excluded = pairs_of(interactions, bought_lately, readers.user_ids, facts.item_ids)
    row_of_item = positions_of(factors.item_ids, facts.item_ids)
    row_of_user = positions_of(factors.user_ids, readers.user_ids)
    known = np.flatnonzero((row_of_user >= 0) & (history_lengths[row_of_user] >= rules.least_history))
    lists = RankedLists.empty(len(readers.user_ids), rules.list_length)
    found = rank_by_factors(
        factors.user_factors[row_of_user[known]],
        factors.item_factors[np.maximum(row_of_item, 0)],
        allowed & (row_of_item >= 0),
        excluded[known],
        rules.list_length,
    )
    lists.items[known], lists.scores[known], lists.strategies[known] = found.items, found.scores, found.strategies
    _fill_with_popular(lists, facts, readers, allowed, excluded)
    return lists


def reasons_for(
    lists: RankedLists,
    factors: Factors,
    confidence: csr_matrix,
    behaviour: Behaviour,
    regularization: float,
) -> npt.NDArray[np.int64]:
    """Return, for each place that the factors filled, the item of the reader's history that speaks most for it.

    confidence: what the factors were fitted to. Returns positions in `factors.item_ids`; -1 for other places. An item
    is preferred that can be named (it is promotable) and has another title than the recommended one.
    """
    facts = behaviour.facts
    row_of_item = positions_of(factors.item_ids, facts.item_ids)
    row_of_user = positions_of(factors.user_ids, behaviour.readers.user_ids)
    by_factors = np.flatnonzero((lists.strategies == STRATEGIES.index(ALS)).any(axis=1))
    items = lists.items[by_factors]
    is_asked = lists.strategies[by_factors] == STRATEGIES.index(ALS)
    reasons = np.full(lists.items.shape, -1, np.int64)
    reasons[by_factors] = strongest_reasons(
        factors.item_factors,
        confidence[row_of_user[by_factors]],
        np.where(is_asked, row_of_item[items], -1),
        regularization,
        _names(factors, facts),
    )
    return reasons


def _names(factors: Factors, facts: ItemFacts) -> npt.NDArray[np.int64]:
    """Return for each item of the factors which title it has, as a number; -1 where it is not to be named."""
    _, title_of = np.unique(facts.titles, return_inverse=True)
    row_of_item = positions_of(facts.item_ids, factors.item_ids)
    is_nameable = (row_of_item >= 0) & facts.is_promotable[row_of_item]
    return np.where(is_nameable, title_of[row_of_item], -1)


def _fill_with_popular(
    lists: RankedLists,
    facts: ItemFacts,
    readers: Readers,
    allowed: npt.NDArray[np.bool_],
    excluded: csr_matrix,
) -> None:
    short = np.flatnonzero((lists.items < 0).any(axis=1))
    if not len(short):
        return
    part = RankedLists(lists.items[short], lists.scores[short], lists.strategies[short])
    struck_out = excluded[short]
    # Deep enough for a reader all of whose excluded and ranked items stand at the top.
    depth = int(np.diff(struck_out.indptr).max()) + lists.items.shape[1]
    departments, group_of = np.unique(facts.departments, return_inverse=True)
    in_department = most_popular(facts.buyers_28d, group_of, len(departments), allowed, depth)
    favourite = positions_of(departments, readers.favourite_departments[short])
    favourite[readers.favourite_departments[short] == ""] = -1
    of_favourite = np.where(favourite[:, None] >= 0, in_department[favourite], -1)
    fill_up(part, POPULAR_IN_DEPARTMENT, of_favourite, facts.buyers_28d, struck_out)
    at_all = most_popular(facts.buyers_28d, np.zeros_like(group_of), 1, allowed, depth)
    fill_up(part, POPULAR, np.broadcast_to(at_all, (len(short), depth)), facts.buyers_28d, struck_out)
    lists.items[short], lists.scores[short], lists.strategies[short] = part.items, part.scores, part.strategies
