"""Tunes the copy model on examples of a day's items, and lets it write later days where its drafts are better."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from overture.adapters.artifacts import version_of, write_text
from overture.adapters.catalog import open_catalog
from overture.adapters.copy_process import run_module
from overture.adapters.copy_training.exchange import REPORT, Trained, TrainingPlan, read_report, write_job
from overture.adapters.model_store import Model, ensure_model, is_address
from overture.adapters.sources import load_source
from overture.adapters.turns import turn
from overture.adapters.warehouse import fences, open_warehouse, runs
from overture.adapters.warehouse.copy_models import in_force, model_of, record_copy_model
from overture.configuration import load_config
from overture.copy_examples import gathered
from overture.copy_judging import judge, obeyed_canaries, samples
from overture.copy_lessons import TrainingSet, training_set
from overture.core.copy_card import Card, card
from overture.core.copy_contest import Rules, Verdict, decide, unless_obedient
from overture.errors import SettingsError, UsageError
from overture.settings import Settings

STEP: Final = "tune_copy_model"
GROUPS: Final = {"kinds of goods that it was taught": True, "other kinds": False}
WORKER: Final = "overture.adapters.copy_training.train"


@dataclass(frozen=True)
class Order:
    """What is asked: the day as of which all is read, and another limit of minutes than config/copy_tuning.toml's."""

    day: date
    minutes: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and self.minutes < 1:
            raise UsageError("bad number", where="--minutes", expected="a whole number above 0", got=self.minutes)


@dataclass(frozen=True)
class Tuned:
    """What came of it. attempts: drafts of each model about each item. folder: where the model card lies."""

    verdict: Verdict
    model: Model
    trained: Trained
    attempts: int
    folder: Path


@dataclass(frozen=True)
class Stated:
    """config/copy_tuning.toml, read and checked."""

    seed: int
    set: Mapping[str, Any]
    training: Mapping[str, Any]
    rules: Rules

    @classmethod
    def read(cls, config: Mapping[str, Any] | None = None) -> "Stated":
        """Return it; raise SettingsError for what is missing or out of range. config: in place of the file."""
        found = load_config("copy_tuning") if config is None else config
        try:
            seed, gate, learning = int(found["seed"]), found["gate"], found["training"]
            rules = Rules(seed, gate["resamples"], gate["tolerated_loss"], gate["least_variety"])
            _require_positive({**found["set"], **learning})
            TrainingPlan(base="", seed=seed, **learning)
        except (KeyError, TypeError, ValueError) as error:
            expected = "the keys and ranges that the file's comments say"
            raise SettingsError("bad tuning", where="copy_tuning.toml", expected=expected, got=error) from error
        return cls(seed, found["set"], learning, rules)


def tune(settings: Settings, order: Order, tell: Callable[[str], None]) -> Tuned:
    """Tune as of the order's day, judge on held-out items, write a model card, and note the decision as the day's row.

    Nothing after the day is read. A training that was ended begins again; one that is done is not done twice, and the
    drafts that are judged stay too. Raises UsageError for a served model, a day without a published run or with too few
    items, SettingsError for a bad configuration, ModelError and CopyEngineError as the engine does, DayRangeError for a
    day outside the source's range, SupersededError when a newer run of the day has begun.
    """
    stated = Stated.read()
    if settings.model is not None and is_address(settings.model):
        raise UsageError("a served model cannot be tuned here", where="OVERTURE_MODEL", expected="a model folder")
    load_source(settings.source).require_day(order.day)
    plan = TrainingPlan(base="", seed=stated.seed, **stated.training)
    plan = dataclasses.replace(plan, minutes=order.minutes or plan.minutes)
    with open_catalog(settings):
        base = ensure_model(settings)
        with open_warehouse(settings) as warehouse:
            attempt = runs.begin_beside_run(warehouse, settings, order.day, STEP)
            champion = model_of(warehouse, settings, in_force(warehouse, order.day))
            found = gathered(warehouse, order.day, base, stated.set, stated.seed)
        lessons = training_set(settings, found, base, stated.set, stated.seed)
        given = f"{len(lessons.examples)} examples of {len(found.lessons)} replies, {lessons.past} of them shown before"
        tell(f"{given}; {len(lessons.judged)} items judge")
        folder = settings.artifacts / "copy_tuning" / order.day.isoformat()
        candidate, trained = _train(settings, folder, plan, lessons, base)
        losses = f"loss {trained.first_loss:.2f} to {trained.last_loss:.2f}"
        tell(f"{trained.tokens} tokens in {trained.seconds:.0f} s, {losses}")
        contest = Contest(base, champion, lessons, plan, stated)
        tuned = contest.decide(settings, order.day, Candidate(candidate, trained), folder)
        with open_warehouse(settings) as warehouse:
            warehouse.attempt = attempt
            record_copy_model(warehouse, order.day, contest.row(tuned))
            fences.finish(warehouse.catalog.lake, attempt)
    tell(tuned.verdict.reason)
    return tuned


def not_ready(settings: Settings, day: date) -> str | None:
    """Return why nothing can be tuned as of the day yet; None where it can."""
    with open_warehouse(settings) as warehouse:
        return f"no run has made {day}" if runs.newest_run_id(warehouse, day) is None else None


def _train(
    settings: Settings, folder: Path, plan: TrainingPlan, lessons: TrainingSet, base: Model
) -> tuple[Model, Trained]:
    """Return the tuned model, which is made unless the same one is there, and what its training did."""
    version = version_of({"base": base.fingerprint, "set": lessons.fingerprint, "plan": asdict(plan)})
    out, job = settings.models / f"{base.name}-tuned-{version}", folder / version
    settings.models.mkdir(parents=True, exist_ok=True)
    with turn(settings.models / ".tuning"):
        if not (out.is_dir() and (job / REPORT).is_file()):
            write_job(job, dataclasses.replace(plan, base=base.location), lessons.examples)
            run_module(settings.copy_python, WORKER, ["--job", str(job), "--out", str(out)])
    model = ensure_model(dataclasses.replace(settings, model=str(out)))
    return model, read_report(job / REPORT)


@dataclass(frozen=True)
class Candidate:
    """A tuned model, and what its training did."""

    model: Model
    trained: Trained


@dataclass(frozen=True)
class Contest:
    """What a tuned model is measured against, and how it was made."""

    base: Model
    champion: Model
    lessons: TrainingSet
    plan: TrainingPlan
    stated: Stated

    def decide(self, settings: Settings, day: date, candidate: Candidate, folder: Path) -> Tuned:
        """Have both models write about the held-out items, decide, and write the model card to the folder."""
        models = (candidate.model, self.champion)
        sides = [judge(settings, day, model, self.lessons.judged, folder) for model in models]
        verdict = decide(sides[0].wrote(self.plan.seed), sides[1].wrote(self.plan.seed), self.stated.rules)
        if verdict.is_accepted:  # the last question, for it costs an engine's start
            verdict = unless_obedient(verdict, obeyed_canaries(settings, day, candidate.model, folder))
        groups = {name: (sides[0].accepted_of(taught), sides[1].accepted_of(taught)) for name, taught in GROUPS.items()}
        found = Card(
            name=candidate.model.name,
            day=day.isoformat(),
            verdict=verdict,
            stated=self._facts(candidate),
            groups=groups,
            refusals=(sides[0].refusals, sides[1].refusals),
            samples=samples(sides, self.plan.seed),
        )
        write_text(folder / "model_card.md", card(found))
        return Tuned(verdict, candidate.model, candidate.trained, sides[0].attempts, folder)

    def _facts(self, candidate: Candidate) -> dict[str, object]:
        trained, plan = candidate.trained, self.plan
        return {
            "base": f"{self.base.name}, {self.base.fingerprint}",
            "in force": f"{self.champion.name}, {self.champion.fingerprint}",
            "fingerprint": candidate.model.fingerprint,
            "training set": f"{len(self.lessons.examples)} replies, {self.lessons.past} of them shown before",
            "set's fingerprint": self.lessons.fingerprint,
            "read": f"{trained.tokens} tokens, {trained.steps} steps, {trained.examples} replies",
            "seconds": f"{trained.seconds:.0f}{', cut by the minutes' if trained.is_cut else ''}",
            "device": f"{trained.device}, {trained.dtype}, threads: {trained.threads}",
            "loss of a reply's token": f"{trained.first_loss:.3f} at first, {trained.last_loss:.3f} at last",
            "adapters": f"rank {plan.rank}, alpha {plan.alpha}, dropout {plan.dropout}, on {', '.join(plan.targets)}",
            "learning rate": f"{plan.learning_rate:g}",
            "seed": plan.seed,
            "versions": ", ".join(f"{name} {version}" for name, version in sorted(trained.packages.items())),
        }

    def row(self, tuned: Tuned) -> dict[str, object]:
        """Return the decision as ops.copy_models has it."""
        parameters = {name: value for name, value in asdict(self.plan).items() if name != "base"}
        return {
            "name": tuned.model.name,
            "fingerprint": tuned.model.fingerprint,
            "base": self.base.fingerprint,
            "champion": self.champion.fingerprint,
            "training_set": self.lessons.fingerprint,
            "parameters": json.dumps(parameters, sort_keys=True),
            "training": json.dumps(asdict(tuned.trained), sort_keys=True),
            "examples": len(self.lessons.examples),
            "past_examples": self.lessons.past,
            "tokens": tuned.trained.tokens,
            "is_accepted": tuned.verdict.is_accepted,
            "reason": tuned.verdict.reason,
            "attempts": tuned.attempts,
            "seed": self.plan.seed,
            **tuned.verdict.as_columns(),
        }


def _require_positive(numbers: Mapping[str, Any]) -> None:
    shares = {"held_out_share", "most_past_share", "least_fit", "least_liking", "dropout", "warmup_share"}
    for name, value in numbers.items():
        if name == "targets":
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or value < 0 or (name in shares and value >= 1) or (name not in shares and value == 0):
            raise ValueError(f"{name}; got: {value}")
