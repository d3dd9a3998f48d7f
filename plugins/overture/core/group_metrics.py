"""Whom a strategy serves well and whom badly: a metric's mean in each group of users, and the gap between groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from overture.core.bootstrap import RESAMPLES, Interval, interval_of, resampled_means

OTHER: Final = "other"
"""The group that small groups are merged into."""

LEAST_USERS = 20
"""The mean of fewer users says little of the next ones, and resampling so few gives too short an interval."""


@dataclass(frozen=True)
class JudgedGroups:
    """A metric by group, in order of the groups' names.

    intervals: group -> mean and its 95 % interval. users: group -> how many have a value. best, worst: the groups of
    the greatest and the least mean, "" where there are not two to compare. gap: best - worst, nan without them.
    """

    intervals: Mapping[str, Interval]
    users: Mapping[str, int]
    best: str
    worst: str
    gap: Interval


def judge_groups(
    values: npt.NDArray[np.float64],
    group_of: npt.NDArray[np.str_],
    seed: int,
    resamples: int = RESAMPLES,
    least_users: int = LEAST_USERS,
) -> JudgedGroups:
    """Return the mean of a per-user metric in each group, and the gap between the best and the worst group.

    values: float64 (users,); a user with nan is left out. group_of: (users,), the name of each user's group. Groups of
    fewer than `least_users` users are merged into "other", together with a group that has this name; "other" is
    reported however small, and compared only if it has as many. Of equal means the first by name is taken.

    Each group's users are drawn among themselves: a group's interval does not depend on the other groups. The two
    groups of the gap are chosen by what they got, so among many that are served alike it lies above 0 all the same.

    Raises ValueError for another number of groups than of values, and for fewer than one resample.

    >>> judged = judge_groups(np.array([0.0, 0.0, 1.0, 0.5, 0.5]), np.array(list("aabcc")), seed=1, least_users=2)
    >>> {group: interval.value for group, interval in judged.intervals.items()}, judged.users
    ({'a': 0.0, 'c': 0.5, 'other': 1.0}, {'a': 2, 'c': 2, 'other': 1})
    >>> judged.best, judged.worst, judged.gap.value
    ('c', 'a', 0.5)
    """
    if values.shape != group_of.shape:
        raise ValueError(f"groups of users; expected: {values.shape}; got: {group_of.shape}")
    is_known = ~np.isnan(values)
    values, merged = values[is_known], _merged(group_of[is_known], least_users)
    parts = {group: values[merged == group] for group in np.unique(merged).tolist()}
    means = {group: float(part.mean()) for group, part in parts.items()}
    # The name in the seed: groups drawn alike would lend each other's chance to the gap.
    drawn = {
        group: resampled_means(part[:, None], (seed, crc32(group.encode())), resamples)[1][:, 0]
        for group, part in parts.items()
    }
    intervals = {group: interval_of(means[group], drawn[group]) for group in parts}
    users = {group: len(part) for group, part in parts.items()}
    compared = [group for group in parts if users[group] >= least_users]
    return JudgedGroups(intervals, users, *_gap(compared, means, drawn))


def _gap(
    compared: list[str], means: Mapping[str, float], drawn: Mapping[str, npt.NDArray[np.float64]]
) -> tuple[str, str, Interval]:
    if len(compared) < 2:
        return "", "", Interval(np.nan, np.nan, np.nan)
    best, worst = max(compared, key=means.__getitem__), min(compared, key=means.__getitem__)
    return best, worst, interval_of(means[best] - means[worst], drawn[best] - drawn[worst])


def _merged(group_of: npt.NDArray[np.str_], least_users: int) -> npt.NDArray[np.str_]:
    groups, position, users = np.unique(group_of, return_inverse=True, return_counts=True)
    return np.where(users >= least_users, groups, OTHER)[position]
