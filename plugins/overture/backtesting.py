"""Judges past days one after the other, makes what is missing of them where asked to, and sums all of them up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from overture import evaluating, steps
from overture.adapters import sources
from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.evaluation_reads import days_without_lists, last_landed_day
from overture.core.bootstrap import difference_intervals, mean_intervals
from overture.core.judgements import PUBLISHED
from overture.core.pooling import pooled
from overture.core.strategies import TASKS
from overture.errors import UsageError
from overture.run import Joining
from overture.settings import Settings

UP_TO_LISTS = tuple(steps.STEPS)[1 : list(steps.STEPS).index("prepare_copy")]
UP_TO_EVENTS = UP_TO_LISTS[: UP_TO_LISTS.index("check_interactions")]

METRICS = ("ndcg", "recall", "hit_rate")
"""What the summary shows; the published table has all."""


@dataclass(frozen=True)
class Order:
    """Which days are judged: every so many days from the first to the last; by which strategies, None for all that need
    not be named.

    horizons: in days; None for those of config/evaluation.toml. Raises UsageError for an empty range.
    """

    first: date
    last: date
    every: int = 1
    strategies: tuple[str, ...] | None = None
    horizons: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise UsageError("empty range", where="--from, --to", expected=f"{self.first} or later", got=self.last)

    @property
    def days(self) -> list[date]:
        """The judged days in order."""
        return [self.first + timedelta(days=n) for n in range(0, (self.last - self.first).days + 1, self.every)]


def backtest(settings: Settings, order: Order, tell: Callable[[str], None], *, prepare: bool = False) -> pa.Table:
    """Judge each day, write what was found into the published metrics, and return the summary over all days.

    prepare: make the lists of days that no run has ranked (by runs of their own that publish nothing), and land what
    users did after the last day. Raises UsageError for days without lists otherwise, and what a strategy raises.
    """
    horizons = order.horizons or evaluating.read_protocol().horizons
    with open_catalog(settings):
        _require_lists(settings, order, max(horizons), tell if prepare else None)
        judged = []
        for day in order.days:
            with open_warehouse(settings) as warehouse:
                found = evaluating.judge_day(warehouse, day, order.strategies, horizons)
            seen = sorted({horizon for _, horizon in found.foresights})
            tell(f"{day}: judged by the {' and '.join(map(str, seen)) or 'no'} days after it")
            judged.append(found)
    return summary_of(judged)


def lacks_lists(settings: Settings, day: date) -> bool:
    """Say whether no run has ranked items for the day."""
    with open_warehouse(settings) as warehouse:
        return bool(days_without_lists(warehouse, [day]))


def _require_lists(settings: Settings, order: Order, horizon: int, tell: Callable[[str], None] | None) -> None:
    source = sources.load_source(settings.source)
    until = order.last + timedelta(days=horizon)
    until = min(until, source.last_day) if source.last_day else until
    with open_warehouse(settings) as warehouse:
        missing, landed = days_without_lists(warehouse, order.days), last_landed_day(warehouse)
    if missing and tell is None:
        raise UsageError(
            "no lists to judge",
            where=", ".join(map(str, missing)),
            expected="days that a run has ranked; --prepare makes their lists",
            got=f"{len(missing)} without",
        )
    if tell is None:
        return
    for day in missing:
        _perform(settings, day, UP_TO_LISTS, tell)
    if landed < until:
        _perform(settings, until, UP_TO_EVENTS, tell)


def _perform(settings: Settings, day: date, names: Sequence[str], tell: Callable[[str], None]) -> None:
    run = steps.open_run(settings, day, f"backtest__{day}")
    for name in names:
        cost = steps.perform(name, settings, day, Joining(run.run_id))
        tell(f"{day}: {name} {cost.seconds:.1f} s")


def summary_of(judged: Sequence[evaluating.JudgedDay]) -> pa.Table:
    """Return one row for each task, horizon and strategy: means over users with intervals, and published's lead."""
    sampling = evaluating.read_protocol().sampling
    rows: list[dict[str, object]] = []
    horizons = sorted({horizon for day in judged for _, horizon in day.foresights})
    for task, horizon in ((task, horizon) for task in TASKS for horizon in horizons):
        days = [(day.user_ids, day.foresights[task, horizon]) for day in judged if (task, horizon) in day.foresights]
        values = pooled(days)
        for name, of_users in values.items():
            means = mean_intervals(of_users, sampling.seed, sampling.resamples)
            lead = difference_intervals(values[PUBLISHED], of_users, sampling.seed, sampling.resamples)["ndcg"]
            row = {"task": task, "horizon_days": horizon, "strategy": name, "days": len(days)}
            row |= {"users": len(of_users["ndcg"])} | {metric: round(means[metric].value, 4) for metric in METRICS}
            row |= {"ndcg_low": round(means["ndcg"].low, 4), "ndcg_high": round(means["ndcg"].high, 4)}
            rows.append(row | {"lead_low": round(lead.low, 4), "lead_high": round(lead.high, 4)})
    return pa.Table.from_pylist(rows)
