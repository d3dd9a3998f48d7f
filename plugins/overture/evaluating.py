"""Judges what was recommended on a day by what users did next: the published lists beside every strategy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from overture.adapters.als import one_blas_thread
from overture.adapters.artifacts import version_of
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.champions import champion_of
from overture.adapters.warehouse.detail_reads import with_detail
from overture.adapters.warehouse.evaluation_reads import (
    last_landed_day,
    read_bought_after,
    read_groups,
    read_recommended,
    read_tags,
)
from overture.adapters.warehouse.history_reads import read_stage
from overture.adapters.warehouse.metrics_store import BACKTEST, metric_rows, publish_backtest
from overture.configuration import config_hash, load_config
from overture.core import columns
from overture.core.backtest import Stage, lists_of
from overture.core.behaviour import Ids
from overture.core.judgements import (
    PUBLISHED,
    Foresight,
    Groups,
    Row,
    Sampling,
    Shelf,
    foresight_of,
    rows_of_foresight,
    rows_of_lists,
)
from overture.core.ranking import Positions
from overture.core.strategies import TASKS, Strategy
from overture.errors import SettingsError, UsageError

POPULAR = "popular"
"""The strategy whose values stand beside the others' as their baseline."""


@dataclass(frozen=True)
class Protocol:
    """What config/evaluation.toml states."""

    horizons: tuple[int, ...]
    k: int
    sampling: Sampling


@dataclass(frozen=True)
class JudgedDay:
    """What came of one day. user_ids: who was asked. foresights: (task, horizon) -> what the lists foresaw."""

    day: date
    user_ids: Ids
    foresights: Mapping[tuple[str, int], Foresight]


def read_protocol() -> Protocol:
    """Return what config/evaluation.toml states; raise SettingsError for a number that is none or below 1."""
    config = load_config("evaluation")
    names = ("seed", "resamples", "least_group_users", "k")
    horizons = tuple(_whole("horizon_days", each) for each in config.get("horizon_days") or [None])
    seed, resamples, least_users, k = (_whole(name, config.get(name)) for name in names)
    return Protocol(horizons, k, Sampling(seed, resamples, least_users))


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError("bad value", where=f"evaluation.toml, {name}", expected="a whole number from 1", got=value)
    return value


@one_blas_thread()
def judge_day(warehouse: Warehouse, day: date, names: Sequence[str] | None, horizons: Sequence[int]) -> JudgedDay:
    """Judge the lists of `day`, and write what was found into the published metrics.

    names: strategies of config/strategies.toml, None for all that need not be named. horizons: in days; those of which
    not all days have landed are left out. The strategies learn from what had arrived and occurred by the end of the
    day, and are asked for the users that the day's run was asked for. Raises UsageError for a day that no run has
    ranked, StrategyError for a strategy that fails, SettingsError for one that is not registered.
    """
    protocol, buying = read_protocol(), load_config("interactions")["buying_event_types"]
    strategies, configuration = _strategies(warehouse, day, names)
    stage, _, readers = read_stage(warehouse, day, load_config("ranking"), buying)
    reader_ids, stage = readers.user_ids, with_detail(warehouse, day, stage, buying)
    published = read_recommended(warehouse, day, stage.history, protocol.k)
    if not published.model_version:
        raise UsageError("no lists to judge", where=day, expected="a day that a run has ranked", got="none")
    lists = lists_of(stage, strategies, protocol.k)
    for task in TASKS:
        lists[task] = {PUBLISHED: published.items[task][stage.asked, : protocol.k], **lists[task]}
    groups = read_groups(warehouse, day, reader_ids)
    landed = last_landed_day(warehouse)
    foresights, found = {}, _rows_of_lists(warehouse, day, (stage, lists, groups), protocol)
    for horizon in horizons:
        until = day + timedelta(days=horizon)
        if until > landed:
            continue
        bought = read_bought_after(warehouse, stage.history, (day, until), buying)
        for task in TASKS:
            foresight = foresights[task, horizon] = foresight_of(stage, task, lists[task], bought)
            rows = rows_of_foresight(foresight, groups, protocol.sampling)
            found += _as_rows(rows, {columns.DATA_DAY: until, columns.HORIZON_DAYS: horizon, columns.TASK: task})
    versions = {name: version_of({columns.STRATEGY: name, "configuration": configuration}) for name in strategies}
    stated = {columns.JUDGED_DAY: day, columns.K: protocol.k, columns.PROTOCOL: BACKTEST}
    versions[PUBLISHED] = published.model_version
    table = metric_rows(
        [{**row, **stated, columns.MODEL_VERSION: versions[str(row[columns.STRATEGY])]} for row in found]
    )
    publish_backtest(warehouse, day, list(versions), table)
    return JudgedDay(day, reader_ids, foresights)


def _strategies(warehouse: Warehouse, day: date, names: Sequence[str] | None) -> tuple[dict[str, Strategy], str]:
    """Return the strategies, with the day's champion where they learn factors, and the hash of all that they do by."""
    champion = champion_of(warehouse, day)
    found = {name: champion.given_to(each) for name, each in load_strategies(names).items()}
    return found, config_hash(champion.version)


def _rows_of_lists(
    warehouse: Warehouse,
    day: date,
    made: tuple[Stage, Mapping[str, Mapping[str, Positions]], Groups],
    protocol: Protocol,
) -> list[dict[str, object]]:
    stage, lists, groups = made
    tags, categories = read_tags(warehouse, day, stage.history.item_ids)
    names, codes = np.unique(categories, return_inverse=True)
    shelf = Shelf(tags, np.where(names[codes] == "", -1, codes))
    found: list[dict[str, object]] = []
    for task in TASKS:
        rows = rows_of_lists(stage, lists[task], shelf, groups, protocol.sampling)
        found += _as_rows(rows, {columns.DATA_DAY: day, columns.HORIZON_DAYS: 0, columns.TASK: task})
    return found


def _as_rows(rows: Iterable[Row], stated: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the measurements as rows of the table, each beside that of the popular items."""
    measured = list(rows)
    baselines = {(row.metric, row.user_group): row.interval.value for row in measured if row.strategy == POPULAR}
    return [
        {
            **stated,
            columns.STRATEGY: row.strategy,
            columns.METRIC: row.metric,
            columns.USER_GROUP: row.user_group,
            columns.USERS: row.users,
            columns.VALUE: row.interval.value,
            columns.LOW: row.interval.low,
            columns.HIGH: row.interval.high,
            columns.LEAD_LOW: row.lead.low,
            columns.LEAD_HIGH: row.lead.high,
            columns.BASELINE: baselines.get((row.metric, row.user_group)),
        }
        for row in measured
    ]
