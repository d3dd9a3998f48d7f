"""Turns lists and what users did into measurements: each metric with its interval, by strategy and by group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.backtest import Stage, relevant_to
from overture.core.bootstrap import (
    Interval,
    difference_intervals,
    list_intervals,
    mean_intervals,
    mutual_information_interval,
)
from overture.core.group_metrics import judge_groups
from overture.core.list_metrics import diversity, novelty
from overture.core.metrics import PerUser, judge_users
from overture.core.ranking import Positions

PUBLISHED = "published"
EVERYONE = "everyone"
SPREAD = "spread"
BY_GROUP = ("ndcg", "hit_rate")
"""The metrics that are taken by group: one that tells of the order, one that anybody understands."""

NOTHING = Interval(np.nan, np.nan, np.nan)

Groups = Mapping[str, npt.NDArray[np.str_]]
"""Kind of group -> the name of each asked user's group."""


@dataclass(frozen=True)
class Sampling:
    """How intervals are drawn. least_users: smaller groups are judged together."""

    seed: int
    resamples: int
    least_users: int


@dataclass(frozen=True)
class Row:
    """One measurement. lead: how far `published` is ahead of the strategy, on the same users."""

    strategy: str
    metric: str
    user_group: str
    users: int
    interval: Interval
    lead: Interval = NOTHING


@dataclass(frozen=True)
class Foresight:
    """What each strategy's lists of one task foresaw. users: positions among the asked ones of those judged."""

    users: npt.NDArray[np.int64]
    values: Mapping[str, PerUser]


def foresight_of(stage: Stage, task: str, lists: Mapping[str, Positions], bought_after: csr_matrix) -> Foresight:
    """Judge every strategy's lists by what the users did of the task; only users who did any of it are judged."""
    relevant = relevant_to(stage.asked_for(task), bought_after)
    judged = {name: judge_users(items, relevant) for name, items in lists.items()}
    users = np.flatnonzero(np.diff(relevant.indptr))
    return Foresight(users, {name: each.values for name, each in judged.items()})


def rows_of_foresight(foresight: Foresight, groups: Groups, sampling: Sampling) -> Iterator[Row]:
    """Yield each metric of each strategy over everyone, with the published lists' lead, then by group."""
    count = len(foresight.users)
    ours = foresight.values.get(PUBLISHED)
    for name, values in foresight.values.items():
        means = mean_intervals(values, sampling.seed, sampling.resamples)
        leads: Mapping[str, Interval] = {}
        if ours is not None and name != PUBLISHED:
            leads = difference_intervals(ours, values, sampling.seed, sampling.resamples)
        for metric, interval in means.items():
            yield Row(name, metric, EVERYONE, count, interval, leads.get(metric, NOTHING))
        for metric in BY_GROUP:
            for kind, group_of in groups.items():
                yield from _rows_of_groups(name, metric, values[metric], (kind, group_of[foresight.users]), sampling)


def _rows_of_groups(
    name: str,
    metric: str,
    values: npt.NDArray[np.float64],
    grouped: tuple[str, npt.NDArray[np.str_]],
    sampling: Sampling,
) -> Iterator[Row]:
    kind, group_of = grouped
    judged = judge_groups(values, group_of, sampling.seed, sampling.resamples, sampling.least_users)
    for group, interval in judged.intervals.items():
        yield Row(name, metric, f"{kind} {group}", judged.users[group], interval)
    yield Row(name, metric, f"{SPREAD} {kind}", len(values), judged.gap)


@dataclass(frozen=True)
class Shelf:
    """What lists are made of. tags: (items, tags) ones. categories: (items,) positions, -1 for none."""

    tags: csr_matrix
    categories: Positions


def rows_of_lists(
    stage: Stage, lists: Mapping[str, Positions], shelf: Shelf, groups: Groups, sampling: Sampling
) -> Iterator[Row]:
    """Yield what the lists themselves are like, whatever users did: coverage, gini, novelty, diversity and the like."""
    had = np.bincount(stage.history.counts.indices, minlength=len(stage.items.is_allowed))
    codes = {kind: np.unique(group_of, return_inverse=True)[1] for kind, group_of in groups.items()}
    for name, items in lists.items():
        per_user = {
            "novelty": novelty(items, had, len(stage.history.user_ids)),
            "diversity": diversity(items, shelf.tags),
        }
        found = dict(mean_intervals(per_user, sampling.seed, sampling.resamples))
        found |= list_intervals(items, stage.items.is_allowed, sampling.seed, sampling.resamples)
        for metric, interval in found.items():
            yield Row(name, metric, EVERYONE, len(items), interval)
        for kind, group_of in codes.items():
            told = mutual_information_interval(items, group_of, shelf.categories, sampling.seed, sampling.resamples)
            yield Row(name, "mutual_information", kind, len(items), told)
