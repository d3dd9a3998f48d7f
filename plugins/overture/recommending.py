"""The step that ranks items for every reader: what is new and what is due again, each with what speaks for it."""

import dataclasses
import functools
import operator
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters, one_blas_thread
from overture.adapters.artifacts import factors_folder, load_factors
from overture.adapters.content_factors import with_content
from overture.adapters.implicit_strategies import Together, factor_scores, with_folded_in
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.history_reads import read_group_buyers, read_stage
from overture.adapters.warehouse.recommendation_store import TaskLists, write_drops, write_lists, write_shares
from overture.adapters.warehouse.rule_reads import (
    read_audiences,
    read_dropped_items,
    read_dropped_users,
    read_kept_out,
    read_tag_codes,
)
from overture.adapters.warehouse.training_reads import read_interactions
from overture.configuration import load_config
from overture.core.backtest import Stage
from overture.core.behaviour import Ids, ItemFacts, positions_of
from overture.core.confidence import weigh
from overture.core.diversity import Variety
from overture.core.drops import TOO_MANY_OF_A_CATEGORY, count_drops
from overture.core.explanations import Explanations, Past, explain
from overture.core.exploration import ExplorationRules, explore
from overture.core.factors import Factors
from overture.core.habits import Habits
from overture.core.ranking import (
    ALS_WITH_EASE,
    BLEND,
    CONTENT,
    EXPLORE,
    FOLD_IN,
    HABITS,
    POPULAR_BY_DEFAULT,
    STRATEGIES,
    Positions,
    RankedLists,
    Scores,
)
from overture.core.recommendations import Best, Wishes, candidates_to_explore, discover, popular_shelves, replenish
from overture.core.scoring import FactorScores, SumOfScores, best_of
from overture.core.strategies import DISCOVER, REPLENISH, TASKS, Asked
from overture.errors import ArtifactError, SettingsError
from overture.ordering import Orders, orders_of
from overture.run import Run

LEARNT_RUNGS = tuple(map(STRATEGIES.index, (BLEND, ALS_WITH_EASE, FOLD_IN)))
"""Rows whose history must say why they are listed."""


NEW_RUNGS = (STRATEGIES.index(CONTENT), STRATEGIES.index(EXPLORE))
"""Rows of items that little is known of; what there is to say for them is said."""


@one_blas_thread()
def rank_items(run: Run, warehouse: Warehouse) -> None:
    """Rank items for every eligible user of the day; write candidate.recommendations, their reasons, and what fell out.

    Raises ArtifactError for factors that are missing, damaged, or not of the interactions as they are now.
    """
    ranking, buying = load_config("ranking"), load_config("interactions")["buying_event_types"]
    rules, length = ranking["rules"], ranking["list_length"]
    stage, facts, readers = read_stage(warehouse, run.day, ranking, buying)
    ids = readers.user_ids, stage.history.item_ids
    kept_out = read_kept_out(warehouse, run.day, ids, rules)
    never = functools.reduce(operator.add, kept_out.values())
    asked = {task: dataclasses.replace(stage.asked_for(task), kept_out=never) for task in TASKS}
    together, habits = _published()
    factors, rungs, version = _factors_of(run, warehouse, stage, ranking)
    factors, is_content = with_content(run.settings, (warehouse, run.day), factors, ids[1], ranking["content"])
    learnt = together.learn(stage.history, stage.items, factors)
    orders = orders_of(run, warehouse, stage, (factors, learnt), buying)
    ways = _ways(learnt, orders)
    if BLEND in ways:
        rungs = np.where(rungs == STRATEGIES.index(ALS_WITH_EASE), STRATEGIES.index(BLEND), rungs)
    in_groups = read_group_buyers(warehouse, run.day, ids, buying, ranking["least_group_users"])
    shelves = popular_shelves(stage.items, asked[DISCOVER], length, in_groups)
    wishes = _wishes(warehouse, run.day, ids, rules, length)
    lists, passed_over = discover(ways, rungs[stage.asked], asked[DISCOVER], shelves, wishes)
    again = replenish(habits.learn(stage.history), asked[REPLENISH], length, orders.again if orders else None)
    known = _Known(learnt, factors, is_content, _titles(facts, ids[1]))
    new = _founded(run, stage, asked[DISCOVER], known, lists)
    dropped = _drops(warehouse, run.day, stage, kept_out, ids[1])
    dropped[DISCOVER] |= {TOO_MANY_OF_A_CATEGORY: passed_over} if passed_over else {}
    found = new, _carried(*again)
    write_lists(warehouse, run.day, found, ids, version)
    write_shares(warehouse, run.day, found, version)
    write_drops(warehouse, run.day, dropped)


def _ways(learnt: SumOfScores | None, orders: Orders | None) -> dict[str, Best]:
    """Return what makes a list of new items, by the rung of its reader; readers of few events have no trees."""
    ways: dict[str, Best] = {}
    if learnt is not None:
        ways |= dict.fromkeys((ALS_WITH_EASE, FOLD_IN), functools.partial(best_of, learnt))
        if orders is not None:
            ways[BLEND] = orders.new
    return ways


@dataclasses.dataclass(frozen=True)
class _Known:
    """What places are founded on. is_content: items whose factors are those of items that read alike."""

    together: SumOfScores | None
    factors: FactorScores
    is_content: npt.NDArray[np.bool_]
    titles: Positions


def _founded(run: Run, stage: Stage, asked: Asked, known: _Known, lists: RankedLists) -> TaskLists:
    """Return the lists of new items, some with one to explore, each place with what it is founded on."""
    # An offer's boost may lift one beyond 1.
    chances = np.where(lists.strategies == STRATEGIES.index(BLEND), np.minimum(lists.scores, 1.0), np.nan)
    lists.strategies[known.is_content[lists.items] & np.isin(lists.strategies, LEARNT_RUNGS)] = STRATEGIES.index(
        CONTENT
    )
    propensities = _explore(run, stage, asked, known.together, lists)
    chances[lists.strategies == STRATEGIES.index(EXPLORE)] = np.nan
    reasons = _explain(known.together, known.factors, stage, lists, known.titles)
    # Trees say the order; the score is the preference, which the reasons add up to.
    is_ordered = ~np.isnan(chances)
    lists.scores[is_ordered] = np.nan_to_num(reasons.sums[is_ordered])
    is_unfounded = np.isin(lists.strategies, LEARNT_RUNGS) & (reasons.items[:, :, 0] < 0)
    lists.strategies[is_unfounded] = STRATEGIES.index(POPULAR_BY_DEFAULT)
    return TaskLists(DISCOVER, lists, reasons, propensities, chances)


def _carried(lists: RankedLists, chances: Scores) -> TaskLists:
    """Return the lists of what is due again, each place carried by itself."""
    carried = Explanations.of_themselves(lists.items, lists.scores)
    return TaskLists(REPLENISH, lists, carried, np.ones(lists.items.shape), chances)


def _explore(run: Run, stage: Stage, asked: Asked, learnt: SumOfScores | None, lists: RankedLists) -> Scores:
    """Put a new item into the lists of a share of the readers, in place; return each place's propensity."""
    config = load_config("ranking")["exploration"]
    rules = ExplorationRules(run.day, config["share"], config["place"], config["seed"])
    buyers = np.bincount(stage.history.counts.indices, minlength=len(asked.is_allowed))
    is_new = asked.is_allowed & (buyers <= config["most_buyers"])
    if learnt is None or not rules.share or not is_new.any():
        return np.ones(lists.items.shape)
    candidates = candidates_to_explore(learnt, asked, is_new, config["candidates"])
    found = explore(lists.items, stage.history.user_ids[asked.positions], candidates, asked.struck_out, rules)
    lists.items[:], lists.strategies[found.is_explored] = found.items, STRATEGIES.index(EXPLORE)
    lists.scores[found.is_explored] = 0.0
    return found.propensities


def _wishes(warehouse: Warehouse, day: date, ids: tuple[Ids, Ids], rules: Mapping[str, Any], length: int) -> Wishes:
    variety = Variety(rules["most_of_a_category"], rules["relevance"])
    tags, offers = read_tag_codes(warehouse, day, ids[1]), read_audiences(warehouse, day, ids)
    return Wishes(length, max(length, rules["pool"]), variety, tags, offers, rules["offer_boost"])


def _drops(
    warehouse: Warehouse, day: date, stage: Stage, kept_out: Mapping[str, csr_matrix], item_ids: Ids
) -> dict[str, dict[str, int]]:
    reasons = read_dropped_items(warehouse, day, item_ids, load_config("ranking"))
    users = read_dropped_users(warehouse, day)
    return {task: count_drops(stage.asked_for(task), reasons, kept_out, users) for task in TASKS}


def _published() -> tuple[Together, Habits]:
    """Return the strategies that make the published lists, as config/strategies.toml has them."""
    found = load_strategies([ALS_WITH_EASE, HABITS])
    together, habits = found[ALS_WITH_EASE], found[HABITS]
    if not (isinstance(together, Together) and isinstance(habits, Habits)):
        raise SettingsError(
            "the published lists cannot be explained",
            where=f"strategies.toml, {ALS_WITH_EASE} and {HABITS}",
            expected="the classes Together and Habits",
            got=f"{type(together).__name__} and {type(habits).__name__}",
        )
    return together, habits


def _factors_of(
    run: Run, warehouse: Warehouse, stage: Stage, ranking: Mapping[str, Any]
) -> tuple[FactorScores, Any, str]:
    """Return what scores by the day's factors, which rung each user of the history is on, and the factors' version."""
    folder = factors_folder(run.settings, run.day)
    factors, manifest = load_factors(folder)
    interactions = read_interactions(warehouse, run.day)
    if manifest["input"]["sha256"] != interactions.sha256:
        raise ArtifactError(
            "the factors were trained on other interactions",
            where=folder,
            expected=f"sha256 {interactions.sha256}",
            got=manifest["input"]["sha256"],
        )
    # What the factors were fitted with, should the configuration have changed since.
    parameters = AlsParameters.from_config(manifest["parameters"])
    weights = weigh(interactions, interactions.weights, parameters.least_weight)
    scores = factor_scores(factors, weights, parameters, stage.history, stage.items)
    known = _items_known(factors, np.diff(weights.matrix.indptr), stage.history.user_ids)
    bought = np.diff(stage.history.counts.indptr)
    is_warm = known >= ranking["least_history"]
    to_fold = np.flatnonzero(~is_warm & (bought >= ranking["least_folded_in"]))
    scores, folded = with_folded_in(scores, stage.history, parameters.alpha, to_fold, run.settings.threads)
    rungs = np.full(len(known), -1, np.int8)
    rungs[is_warm], rungs[folded] = STRATEGIES.index(ALS_WITH_EASE), STRATEGIES.index(FOLD_IN)
    return scores, rungs, manifest["model_version"]


def _items_known(factors: Factors, lengths: Positions, user_ids: Ids) -> Positions:
    """Return of how many items the factors learnt each user; 0 for one whom they do not know."""
    at = positions_of(factors.user_ids, user_ids)
    return np.where(at >= 0, lengths[at], 0)


def _titles(facts: ItemFacts, item_ids: Ids) -> Positions:
    """Return for each item which title it has, as a number; -1 where it is not to be named."""
    _, title_of = np.unique(facts.titles, return_inverse=True)
    at = positions_of(facts.item_ids, item_ids)
    if not len(facts.item_ids):
        return at
    return np.where((at >= 0) & facts.is_promotable[at], title_of[at], -1)


def _explain(
    learnt: SumOfScores | None, factors: FactorScores, stage: Stage, lists: RankedLists, titles: Positions
) -> Explanations:
    targets = np.where(np.isin(lists.strategies, [*LEARNT_RUNGS, *NEW_RUNGS]), lists.items, -1)
    if learnt is None:
        return Explanations.none(targets.shape)
    touched = (stage.history.counts + factors.confidence).tocsr()
    touched.sort_indices()
    return explain(learnt, Past(touched, stage.history.counts, titles), stage.asked, targets)
