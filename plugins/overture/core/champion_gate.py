"""Decides whether a new configuration may take the champion's place, by what both foresaw for the same users."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overture.core.bootstrap import Interval, difference_intervals
from overture.core.strategies import DISCOVER, TASKS

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contest:
    """nDCG of each user, 0 to 1. candidate, champion: task -> (users,), the same users for both.

    baselines: plain strategy -> (users,) on discover, for the users of discover. Raises ValueError where a task is
    missing or has no user, where there is no baseline, and where lengths differ.
    """

    candidate: Mapping[str, Values]
    champion: Mapping[str, Values]
    baselines: Mapping[str, Values]

    def __post_init__(self) -> None:
        for task in TASKS:
            counts = [len(side.get(task, ())) for side in (self.candidate, self.champion)]
            if not counts[0] or counts[0] != counts[1]:
                raise ValueError(f"users of {task}; expected: the same on both sides, 1 or more; got: {counts}")
        lengths = {name: len(values) for name, values in self.baselines.items()}
        if not lengths or set(lengths.values()) != {len(self.candidate[DISCOVER])}:
            raise ValueError(f"baselines; expected: one or more, of the users of {DISCOVER}; got: {lengths}")


@dataclass(frozen=True)
class Rules:
    """How the gate judges.

    tolerated_loss: share of the champion's nDCG that a task may lose at most, 0 to 1; None where the candidate has to
    be better on each task.

    seed, resamples: of the bootstrap over users. Raises ValueError for a number out of range.
    """

    tolerated_loss: float | None
    seed: int
    resamples: int

    def __post_init__(self) -> None:
        if self.tolerated_loss is not None and not 0 <= self.tolerated_loss <= 1:
            raise ValueError(f"tolerated_loss; expected: 0 to 1; got: {self.tolerated_loss}")
        if self.resamples < 1:
            raise ValueError(f"resamples; expected: 1 or more; got: {self.resamples}")


@dataclass(frozen=True)
class Comparison:
    """Mean nDCG of both sides over the same users, and the candidate's lead with its 95 % interval."""

    users: int
    candidate: float
    other: float
    lead: Interval


@dataclass(frozen=True)
class Verdict:
    """What the gate decided. reason: one sentence. tasks: task -> against the champion.

    gain: mean over both tasks of the lead as a share of the champion's nDCG; 0 where the champion has none and the
    candidate neither. baseline, against_baseline: the plain strategy with the best discover nDCG, and against it.
    """

    is_accepted: bool
    reason: str
    tasks: Mapping[str, Comparison]
    gain: float
    baseline: str
    against_baseline: Comparison

    def as_columns(self, other: str) -> dict[str, object]:
        """Return the figures as a table of decisions has them; `other` is what the champion is called there."""
        row: dict[str, object] = {}
        for task, each in self.tasks.items():
            row |= {f"{task}_users": each.users, f"{task}_ndcg": each.candidate, f"{task}_{other}_ndcg": each.other}
            leads = {"": each.lead.value, "_low": each.lead.low, "_high": each.lead.high}
            row |= {f"{task}_lead{end}": value for end, value in leads.items()}
        over = self.against_baseline
        row |= {"baseline": self.baseline, "baseline_ndcg": over.other}
        return row | {"baseline_lead_low": over.lead.low, "baseline_lead_high": over.lead.high}


def decide(contest: Contest, rules: Rules) -> Verdict:
    """Return whether the candidate takes the champion's place.

    It does where all of this holds; the first that does not is the reason:

    1. on each task the lower end of the 95 % interval of its lead is no further below 0 than `tolerated_loss` of the
       champion's nDCG: it is shown not to be worse by more than that (non-inferiority, as in trials of medicines); with
       None it is above 0;
    2. on discover the lower end of its lead over every plain baseline is above 0: it is shown to be better;
    3. its mean lead over both tasks is above 0: without this, champion after champion could lose a little.

    All three have to hold, so their errors do not add up, and no interval is widened for their number (Berger,
    "Multiparameter hypothesis testing and acceptance sampling", 1982).
    """
    tasks = {task: _compared(contest.candidate[task], contest.champion[task], rules) for task in TASKS}
    over = {name: _compared(contest.candidate[DISCOVER], values, rules) for name, values in contest.baselines.items()}
    best = max(over, key=lambda name: over[name].other)
    gain = float(np.mean([_share(each) for each in tasks.values()]))
    refusals = [_worse(task, each, rules.tolerated_loss) for task, each in tasks.items()]
    refusals += [_not_better(name, over[name]) for name in sorted(over, key=lambda name: -over[name].other)]
    refusals.append(None if gain > 0 else _no_gain(tasks))
    reason = next((refusal for refusal in refusals if refusal), None)
    return Verdict(reason is None, reason or _accepted(tasks, best, over[best]), tasks, gain, best, over[best])


def _compared(ours: Values, theirs: Values, rules: Rules) -> Comparison:
    lead = difference_intervals({"ndcg": ours}, {"ndcg": theirs}, rules.seed, rules.resamples)["ndcg"]
    return Comparison(len(ours), float(ours.mean()), float(theirs.mean()), lead)


def _share(compared: Comparison) -> float:
    if compared.other > 0:
        return compared.lead.value / compared.other
    return float(compared.candidate > 0)


def _worse(task: str, compared: Comparison, tolerated_loss: float | None) -> str | None:
    if tolerated_loss is None:
        if compared.lead.low > 0:
            return None
        return f"The champion stays: on {task} the candidate is not shown to be better than it, {_figures(compared)}."
    limit = tolerated_loss * compared.other
    if compared.lead.low >= -limit:
        return None
    return (
        f"The champion stays: on {task} the candidate may be worse than it, {_figures(compared)};"
        f" a loss of up to {limit:.4f} ({tolerated_loss:.0%}) would have been let pass."
    )


def _not_better(name: str, compared: Comparison) -> str | None:
    if compared.lead.low > 0:
        return None
    return (
        f"The champion stays: on {DISCOVER} the candidate is not shown to be better than the plain strategy {name},"
        f" {_figures(compared)}."
    )


def _no_gain(tasks: Mapping[str, Comparison]) -> str:
    sides = " and ".join(f"{task} {each.candidate:.4f} against {each.other:.4f}" for task, each in tasks.items())
    return f"The champion stays: over both tasks together the candidate gains nothing, nDCG@10 of {sides}."


def _accepted(tasks: Mapping[str, Comparison], baseline: str, over: Comparison) -> str:
    sides = "; ".join(f"{task}: {_figures(each)}" for task, each in tasks.items())
    return (
        f"The candidate takes the champion's place: it is not worse on either task ({sides}), and on {DISCOVER} better"
        f" than every plain strategy, the best of which is {baseline} with {over.other:.4f}."
    )


def _figures(compared: Comparison) -> str:
    low, high = compared.lead.low, compared.lead.high
    return (
        f"nDCG@10 {compared.candidate:.4f} against {compared.other:.4f} over {compared.users} users,"
        f" a difference of {compared.lead.value:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"
    )
