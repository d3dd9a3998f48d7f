"""Searches better parameters of the factors on past days, and lets them take the champion's place where they may."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from overture.adapters.als import PACKAGE, one_blas_thread
from overture.adapters.artifacts import git_revision, package_versions, write_text
from overture.adapters.catalog import open_catalog
from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.parameter_search import Budget, Parameters, Search, Trial, search
from overture.adapters.sources import load_source
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.tuning_plan import Plan, Space
from overture.adapters.warehouse import fences, open_warehouse, runs
from overture.adapters.warehouse.champions import champion_of, record_decision
from overture.adapters.warehouse.tuning_reads import first_event_day, sha256_of
from overture.competing import Field, ndcg_of, read_field
from overture.core.backtest import lists_of
from overture.core.champion_gate import Contest, Verdict, decide
from overture.core.ranking import ALS
from overture.core.strategies import DISCOVER, TASKS
from overture.core.tuning_report import Found, report
from overture.errors import UsageError
from overture.settings import Settings

STEP: Final = "tune_factors"
CANDIDATE: Final = "candidate"
CHAMPION: Final = "champion"

LEAST_NDCG: Final = 0.001
"""The champion's nDCG counts as no less: a tenth of a nothing would otherwise be ten times as good."""


@dataclass(frozen=True)
class Order:
    """What is asked: the day as of which all is read, and another budget than that of config/tuning.toml."""

    day: date
    trials: int | None = None
    minutes: int | None = None

    def __post_init__(self) -> None:
        for name in ("trials", "minutes"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError("bad number", where=f"--{name}", expected="a whole number above 0", got=value)


@dataclass(frozen=True)
class Tuned:
    """What came of it. folder: where als.toml and report.md lie."""

    verdict: Verdict
    candidate: FactorConfiguration
    trials: Sequence[Trial]
    folder: Path


def tune(settings: Settings, order: Order, tell: Callable[[str], None], clock: Callable[[], float]) -> Tuned:
    """Search as of the order's day, write als.toml and report.md, and note the gate's decision as the day's row.

    clock: gives seconds, for the budget of minutes. A search that was ended or killed goes on; one that is done is only
    judged again, and gives the same. Of several at once for one day the newest may write. Raises UsageError for a day
    without a run, events, or users to judge by, SettingsError for a bad configuration, DayRangeError for a day outside
    the source's range, ArtifactError for damaged trials, SupersededError when a newer run of the day has begun.
    """
    plan = Plan.read()
    plan = dataclasses.replace(plan, trials=order.trials or plan.trials, minutes=order.minutes or plan.minutes)
    load_source(settings.source).require_day(order.day)
    with open_catalog(settings), one_blas_thread():
        with open_warehouse(settings) as warehouse:
            attempt = runs.begin_beside_run(warehouse, settings, order.day, STEP)
            champion, field = champion_of(warehouse, order.day), read_field(warehouse, order.day, plan)
        folder = settings.artifacts / "tuning" / order.day.isoformat()
        contest = _Search(settings, plan, field, champion)
        trials = contest.run(folder, Budget(plan.trials, plan.minutes * 60.0, clock), tell)
        candidate = contest.best_of(trials)
        verdict = judge_candidate(plan, field, candidate, champion)
        tuned = Tuned(verdict, candidate, trials, folder)
        _write_files(order.day, contest, tuned)
        tell(verdict.reason)
        with open_warehouse(settings) as warehouse:
            warehouse.attempt = attempt
            record_decision(warehouse, order.day, _row(tuned, champion, plan))
            fences.finish(warehouse.catalog.lake, attempt)
    return tuned


def not_ready(settings: Settings, day: date) -> str | None:
    """Return why nothing can be tuned as of the day yet: no run, or too short a history; None where it can."""
    oldest = day - timedelta(days=max(Plan.read().search_days))
    with open_warehouse(settings) as warehouse:
        if runs.newest_run_id(warehouse, day) is None:
            return f"no run has made {day}"
        first = first_event_day(warehouse, day)
    return None if first and first <= oldest else f"no event is as old as {oldest}, which a search as of {day} needs"


@dataclass(frozen=True)
class _Search:
    """The search around a champion."""

    settings: Settings
    plan: Plan
    field: Field
    champion: FactorConfiguration

    @cached_property
    def space(self) -> Space:
        return Space.around(self.champion, self.plan)

    @cached_property
    def asked(self) -> Search:
        """What is searched: first the champion, then what the files state where someone has changed them."""
        stated = FactorConfiguration.from_files(self.settings)
        first = [self.champion] if stated == self.champion else [self.champion, stated]
        identity = {
            "data": sha256_of(self.field.shop),
            "measure": {"search_days": list(self.plan.search_days), "horizon_days": self.plan.horizon_days}
            | {"k": self.field.k, "least_ndcg": LEAST_NDCG},
            "champion": self.champion.as_mapping(),
            "packages": package_versions(PACKAGE, "optuna", "numpy", "scipy", "overture"),
            "code": git_revision(),
        }
        return Search(self.space.ranges, list(map(self.space.parameters_of, first)), self.plan.seed, identity)

    @cached_property
    def champions_ndcg(self) -> dict[str, float]:
        return self._means(self.champion)

    def configuration_of(self, number: int, parameters: Parameters) -> FactorConfiguration:
        return self.champion if number == 0 else self.space.configuration_of(parameters, self.settings)

    def run(self, folder: Path, budget: Budget, tell: Callable[[str], None]) -> list[Trial]:
        def judge(number: int, parameters: Parameters) -> float:
            value = self._value(self.configuration_of(number, parameters))
            tell(f"trial {number}: {value:.4f}")
            return value

        return search(folder, self.asked, budget, judge)

    def best_of(self, trials: Sequence[Trial]) -> FactorConfiguration:
        """Return the configuration of the best trial, the first of equals."""
        best = max(trials, key=lambda trial: (trial.value, -trial.number))
        return self.configuration_of(best.number, best.parameters)

    def _value(self, configuration: FactorConfiguration) -> float:
        """Return nDCG as a multiple of the champion's, the mean of both tasks, so that neither swamps the other."""
        means = self.champions_ndcg if configuration == self.champion else self._means(configuration)
        floors = {task: max(self.champions_ndcg[task], LEAST_NDCG) for task in TASKS}
        return float(np.mean([max(means[task], LEAST_NDCG) / floors[task] for task in TASKS]))

    def _means(self, configuration: FactorConfiguration) -> dict[str, float]:
        days = self.field.search_days
        found = ndcg_of(days, [{ALS: self.field.lists(day, configuration)} for day in days])
        return {task: float(found[task][ALS]["ndcg"].mean()) for task in TASKS}


def judge_candidate(plan: Plan, field: Field, candidate: FactorConfiguration, champion: FactorConfiguration) -> Verdict:
    """Return the gate's decision, from the days that no trial has seen."""
    baselines, days, lists = load_strategies(plan.baselines), field.gate_days, []
    for day in days:
        plain = lists_of(day.stage, baselines, field.k)
        ways = {name: {task: plain[task][name] for task in TASKS} for name in baselines}
        ways[CHAMPION] = field.lists(day, champion)
        ways[CANDIDATE] = ways[CHAMPION] if candidate == champion else field.lists(day, candidate)
        lists.append(ways)
    found = ndcg_of(days, lists)
    ours, theirs = ({task: found[task][side]["ndcg"] for task in TASKS} for side in (CANDIDATE, CHAMPION))
    plain_ndcg = {name: found[DISCOVER][name]["ndcg"] for name in baselines}
    return decide(Contest(ours, theirs, plain_ndcg), plan.rules)


def _write_files(day: date, contest: _Search, tuned: Tuned) -> None:
    plan, field = contest.plan, contest.field
    state = "accepted" if tuned.verdict.is_accepted else "not accepted"
    heading = f"# Factors tuned as of {day}: {state}. It may stand in config/als.toml. Why: report.md.\n\n"
    write_text(tuned.folder / "als.toml", heading + tuned.candidate.as_toml())
    stated = {
        "trials": f"{len(tuned.trials)} of at most {plan.trials}, in {plan.minutes} minutes or less",
        "seconds a trial": f"{np.median([trial.seconds for trial in tuned.trials]):.1f} (median)",
        "searched on": _spelt(day, plan.search_days),
        "decided on": _spelt(day, plan.gate_days),
        "judged by": f"what was bought in the {plan.horizon_days} days after each",
        "lists of": f"{field.k} items",
        "loss let pass": f"{plan.rules.tolerated_loss:.0%} of the champion's nDCG on each task",
        "resamples": plan.rules.resamples,
        "seed": plan.seed,
        "search": contest.asked.version,
    }
    trials = [(trial.number, trial.value, trial.parameters) for trial in tuned.trials]
    sides = (tuned.candidate.as_mapping(), contest.champion.as_mapping())
    found = Found(day.isoformat(), trials, *sides, tuned.verdict, stated)
    write_text(tuned.folder / "report.md", report(found))


def _spelt(day: date, days_before: Sequence[int]) -> str:
    return ", ".join(str(day - timedelta(days=before)) for before in days_before)


def _row(tuned: Tuned, champion: FactorConfiguration, plan: Plan) -> Mapping[str, object]:
    verdict = tuned.verdict
    row: dict[str, object] = {
        "version": tuned.candidate.version,
        "champion_version": champion.version,
        "parameters": tuned.candidate.as_json(),
        "is_accepted": verdict.is_accepted,
        "reason": verdict.reason,
    }
    row |= verdict.as_columns("champion")
    return row | {"trials": len(tuned.trials), "seed": plan.seed}
