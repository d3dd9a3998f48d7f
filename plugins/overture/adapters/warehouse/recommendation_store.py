"""Writes what was recommended on a day: lists, what carries each place, and how much each rule kept out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.metrics_store import LISTS, metric_rows, replace_measured
from overture.core import columns
from overture.core.behaviour import Ids
from overture.core.explanations import Explanations
from overture.core.judgements import EVERYONE
from overture.core.ranking import STRATEGIES, RankedLists, Scores

RECOMMENDATIONS = "candidate.recommendations"
REASONS = "candidate.recommendation_reasons"
DROPS = "candidate.drops"


@dataclass(frozen=True)
class TaskLists:
    """The lists of one task, and what each place is made of; items are positions in the history's.

    propensities: float64 of the lists' shape, how probable it was that chance would put this item there; 1 where it had
    no part in it. chances: of the same shape, what the trees say that ordered the list; nan where none did.
    """

    task: str
    lists: RankedLists
    explanations: Explanations
    propensities: Scores
    chances: Scores


def write_lists(
    warehouse: Warehouse, day: date, found: Sequence[TaskLists], ids: tuple[Ids, Ids], model_version: str
) -> None:
    """Write the lists and their reasons in place of the day's former ones. ids: the readers' and the items'."""
    rows = [_recommendation_rows(day, part, ids, model_version) for part in found]
    reasons = [_reason_rows(day, part, ids) for part in found]
    warehouse.replace_day(RECOMMENDATIONS, day, pa.concat_tables(rows))
    warehouse.replace_day(REASONS, day, pa.concat_tables(reasons))


def write_drops(warehouse: Warehouse, day: date, dropped: Mapping[str, Mapping[str, int]]) -> None:
    """Write task -> reason -> candidates in place of the day's former ones."""
    rows = [(task, reason, count) for task, counts in dropped.items() for reason, count in counts.items()]
    tasks, reasons, counts = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    table = pa.table(
        {
            columns.DATA_DAY: pa.repeat(pa.scalar(day, pa.date32()), len(rows)),
            columns.TASK: pa.array(tasks, pa.string()),
            columns.REASON: pa.array(reasons, pa.string()),
            columns.CANDIDATES: pa.array(counts, pa.int64()),
        }
    )
    warehouse.replace_day(DROPS, day, table)


def write_shares(warehouse: Warehouse, day: date, found: Sequence[TaskLists], model_version: str) -> None:
    """Write the share of the places of each task that each strategy fills, in place of the day's former ones."""
    stated = {
        columns.DATA_DAY: day,
        columns.JUDGED_DAY: day,
        columns.HORIZON_DAYS: 0,
        columns.PROTOCOL: LISTS,
        columns.MODEL_VERSION: model_version,
        columns.METRIC: columns.SHARE,
        columns.USER_GROUP: EVERYONE,
    }
    rows = []
    for part in found:
        users, places = np.nonzero(part.lists.items >= 0)
        filled = part.lists.strategies[users, places]
        for number in np.unique(filled):
            of_strategy = filled == number
            row: dict[str, object] = {columns.TASK: part.task, columns.STRATEGY: STRATEGIES[number]}
            row |= {columns.K: part.lists.items.shape[1], columns.USERS: len(np.unique(users[of_strategy]))}
            rows.append({**stated, **row, columns.VALUE: float(of_strategy.mean())})
    replace_measured(warehouse, day, LISTS, metric_rows(rows))


def _recommendation_rows(day: date, part: TaskLists, ids: tuple[Ids, Ids], model_version: str) -> pa.Table:
    """Return one row for each filled place. ids: the readers' and the items'."""
    lists = part.lists
    user, place = np.nonzero(lists.items >= 0)
    named, chances = part.explanations.named[user, place], part.chances[user, place]
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
            columns.PROPENSITY: pa.array(part.propensities[user, place]),
            columns.CHANCE: pa.array(chances, mask=np.isnan(chances)),
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
