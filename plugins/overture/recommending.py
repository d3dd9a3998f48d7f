"""The step that ranks items for every reader: what is new and what is due again, each with what speaks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from overture.adapters.als import AlsParameters, one_blas_thread
from overture.adapters.artifacts import factors_folder, load_factors
from overture.adapters.implicit_strategies import Together, factor_scores, with_folded_in
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.history_reads import read_group_buyers, read_stage
from overture.adapters.warehouse.training_reads import read_interactions
from overture.configuration import load_config
from overture.core import columns
from overture.core.backtest import Stage
from overture.core.behaviour import Ids, ItemFacts, positions_of
from overture.core.confidence import weigh
from overture.core.explanations import Explanations, explain
from overture.core.factors import Factors
from overture.core.habits import Habits
from overture.core.ranking import ALS_WITH_EASE, FOLD_IN, HABITS, STRATEGIES, Positions, RankedLists
from overture.core.recommendations import discover, popular_shelves, replenish
from overture.core.scoring import FactorScores, SumOfScores
from overture.core.strategies import DISCOVER, REPLENISH
from overture.errors import ArtifactError, SettingsError
from overture.run import Run

RECOMMENDATIONS = "candidate.recommendations"
REASONS = "candidate.recommendation_reasons"


@dataclass(frozen=True)
class TaskLists:
    """The lists of one task, and what each place is made of; items are positions in the history's."""

    task: str
    lists: RankedLists
    explanations: Explanations


@one_blas_thread()
def rank_items(run: Run, warehouse: Warehouse) -> None:
    """Rank items for every eligible user of the day; write candidate.recommendations and their reasons.

    Raises ArtifactError for factors that are missing, damaged, or not of the interactions as they are now.
    """
    ranking, buying = load_config("ranking"), load_config("interactions")["buying_event_types"]
    stage, facts, readers = read_stage(warehouse, run.day, ranking, buying)
    in_groups = read_group_buyers(
        warehouse, run.day, (readers.user_ids, stage.history.item_ids), buying, ranking["least_group_users"]
    )
    together, habits = _published()
    factors, rungs, version = _factors_of(run, warehouse, stage, ranking)
    learnt = together.learn(stage.history, stage.items, factors)
    asked = stage.asked_for(DISCOVER)
    length = ranking["list_length"]
    shelves = popular_shelves(stage.items, stage.users, asked, length, in_groups)
    new = discover(learnt, rungs[stage.asked], asked, shelves, length)
    again = replenish(habits.learn(stage.history), stage.asked_for(REPLENISH), length)
    found = (
        TaskLists(DISCOVER, new, _explain(learnt, factors, stage, new, _titles(facts, stage.history.item_ids))),
        TaskLists(REPLENISH, again, Explanations.of_themselves(again.items, again.scores)),
    )
    ids = readers.user_ids, stage.history.item_ids
    rows = [_recommendation_rows(run.day, part, ids, version) for part in found]
    reasons = [_reason_rows(run.day, part, ids) for part in found]
    warehouse.replace_day(RECOMMENDATIONS, run.day, pa.concat_tables(rows))
    warehouse.replace_day(REASONS, run.day, pa.concat_tables(reasons))


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
    by_learnt = np.isin(lists.strategies, [STRATEGIES.index(name) for name in (ALS_WITH_EASE, FOLD_IN)])
    targets = np.where(by_learnt, lists.items, -1)
    if learnt is None:
        return Explanations.none(targets.shape)
    past = (stage.history.counts + factors.confidence).tocsr()
    past.sort_indices()
    return explain(learnt, past, stage.asked, targets, titles)


def _recommendation_rows(day: date, part: TaskLists, ids: tuple[Ids, Ids], model_version: str) -> pa.Table:
    """Return one row for each filled place. ids: the readers' and the items'."""
    lists = part.lists
    user, place = np.nonzero(lists.items >= 0)
    named = part.explanations.named[user, place]
    return pa.table(
        {
            columns.DATA_DAY: pa.repeat(pa.scalar(day, pa.date32()), len(user)),
            columns.USER_ID: pa.array(ids[0][user]),
            columns.RANK: pa.array((place + 1).astype(np.int32)),
            columns.ITEM_ID: pa.array(ids[1][lists.items[user, place]]),
            columns.SCORE: pa.array(lists.scores[user, place]),
            columns.STRATEGY: pa.array(np.array(STRATEGIES)[lists.strategies[user, place]]),
            columns.REASON_ITEM_ID: pa.array(ids[1][np.maximum(named, 0)], mask=named < 0),
            columns.MODEL_VERSION: pa.repeat(pa.scalar(model_version), len(user)),
            columns.TASK: pa.repeat(pa.scalar(part.task), len(user)),
        }
    )


def _reason_rows(day: date, part: TaskLists, ids: tuple[Ids, Ids]) -> pa.Table:
    """Return one row for each past item that carries a place. ids: the readers' and the items'."""
    found = part.explanations
    user, place, number = np.nonzero(found.items >= 0)
    return pa.table(
        {
            columns.DATA_DAY: pa.repeat(pa.scalar(day, pa.date32()), len(user)),
            columns.USER_ID: pa.array(ids[0][user]),
            columns.TASK: pa.repeat(pa.scalar(part.task), len(user)),
            columns.RANK: pa.array((place + 1).astype(np.int32)),
            columns.PLACE: pa.array((number + 1).astype(np.int32)),
            columns.REASON_ITEM_ID: pa.array(ids[1][found.items[user, place, number]]),
            columns.SHARE: pa.array(found.shares[user, place, number]),
        }
    )
