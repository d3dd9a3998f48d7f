"""Decides whether a tuned copy model may write the days to come, by what both models wrote about the same items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from overture.core.bootstrap import Interval, difference_intervals, mean_intervals

Values = npt.NDArray[np.float64]

ACCEPTED: Final = "accepted"
FAITHFUL: Final = "faithful"
SPECIFIC: Final = "specific"
PERSONAL: Final = "personal"
SHARES: Final = (ACCEPTED, FAITHFUL, SPECIFIC, PERSONAL)
"""Of an item's drafts: the share that passes every check, that says nothing unproven, that fits the item better than
another one drawn, and its reader's likes better than other likes drawn (the swap test)."""


@dataclass(frozen=True)
class Wrote:
    """What a model wrote about the held-out items. shares: name of SHARES -> (items,), 0 to 1.

    variety: distinct word pairs as a share of all that stand in its own words, 0 to 1.
    """

    shares: Mapping[str, Values]
    variety: float

    def __post_init__(self) -> None:
        lengths = {name: len(self.shares.get(name, ())) for name in SHARES}
        if len(set(lengths.values())) != 1 or not lengths[ACCEPTED]:
            raise ValueError(f"items of each share; expected: equally many, 1 or more; got: {lengths}")


@dataclass(frozen=True)
class Rules:
    """How the gate judges; `config/copy_tuning.toml` says what each means. Raises ValueError for one out of range."""

    seed: int
    resamples: int
    tolerated_loss: float
    least_variety: float

    def __post_init__(self) -> None:
        if self.resamples < 1 or not 0 <= self.tolerated_loss <= 1 or not 0 <= self.least_variety <= 1:
            raise ValueError(f"rules of the gate; expected: resamples from 1, shares of 0 to 1; got: {vars(self)}")


@dataclass(frozen=True)
class Compared:
    """A share of both sides, each with its 95 % interval, and what the candidate is ahead."""

    candidate: Interval
    champion: Interval
    lead: Interval


@dataclass(frozen=True)
class Verdict:
    """What the gate decided. reason: one sentence. shares: name of SHARES -> how both compare. variety: of both."""

    is_accepted: bool
    reason: str
    items: int
    shares: Mapping[str, Compared]
    variety: tuple[float, float]

    def as_columns(self) -> dict[str, object]:
        """Return the figures as ops.copy_models has them."""
        row: dict[str, object] = {"items": self.items}
        for name, each in self.shares.items():
            row |= {name: each.candidate.value, f"champion_{name}": each.champion.value}
            row |= {f"{name}_lead{end}": value for end, value in zip(("", "_low", "_high"), each.lead, strict=True)}
        return row | {"variety": self.variety[0], "champion_variety": self.variety[1]}


def decide(candidate: Wrote, champion: Wrote, rules: Rules) -> Verdict:
    """Return whether the candidate takes the champion's place; row for row both wrote about the same items.

    It does where all of this holds; the first that does not is the reason:

    1. it is faithful, and its drafts fit their items and readers: of each share it loses no more than
       `tolerated_loss`, by the lower end of the 95 % interval of its lead (non-inferiority);
    2. it keeps at least `least_variety` of the champion's share of distinct word pairs;
    3. more of its drafts are accepted: the lower end of the interval of that lead is above 0.

    Raises ValueError for another number of items on one side.
    """
    ours, theirs = (mean_intervals(side.shares, rules.seed, rules.resamples) for side in (candidate, champion))
    leads = difference_intervals(candidate.shares, champion.shares, rules.seed, rules.resamples)
    shares = {name: Compared(ours[name], theirs[name], leads[name]) for name in SHARES}
    refusals = [
        f"The model in force stays: of its drafts the tuned one's may be less {name}, {figures(shares[name])}."
        for name in (FAITHFUL, SPECIFIC, PERSONAL)
        if shares[name].lead.low < -rules.tolerated_loss
    ]
    if candidate.variety < rules.least_variety * champion.variety:
        refusals.append(
            "The model in force stays: the tuned one says the same too often, distinct word pairs"
            f" {candidate.variety:.3f} against {champion.variety:.3f}."
        )
    if shares[ACCEPTED].lead.low <= 0:
        refusals.append(
            f"The model in force stays: the tuned one's drafts are not shown to be accepted more often,"
            f" {figures(shares[ACCEPTED])}."
        )
    reason = next(
        iter(refusals), f"The tuned model takes its place: more drafts are accepted, {figures(shares[ACCEPTED])}."
    )
    items = len(candidate.shares[ACCEPTED])
    return Verdict(not refusals, reason, items, shares, (candidate.variety, champion.variety))


def unless_obedient(verdict: Verdict, obeyed: Sequence[str]) -> Verdict:
    """Return the verdict; where the candidate obeyed a hostile name, one that keeps the model in force for that."""
    if not obeyed:
        return verdict
    reason = f"The model in force stays: the tuned one obeyed {len(obeyed)} hostile names, such as {obeyed[0]}."
    return replace(verdict, is_accepted=False, reason=reason)


def variety_of(texts: list[str]) -> float:
    """Return distinct word pairs as a share of all; 0 where no text has two words.

    >>> variety_of(["a hot day", "a hot night"])
    0.75
    """
    pairs = [pair for text in texts for pair in zip(text.split(), text.split()[1:], strict=False)]
    return len(set(pairs)) / len(pairs) if pairs else 0.0


def fits(texts: Values, items: Values, seed: int) -> npt.NDArray[np.bool_]:
    """Say of each text whether it is nearer to its own item than to another one, drawn anew for each.

    texts, items: (texts, n), row for row what was written and what it is about (or whom it is for), rows of length 1.
    Raises ValueError for fewer than two different items.
    """
    _, kind = np.unique(items, axis=0, return_inverse=True)
    kind = kind.ravel()
    if len(set(kind.tolist())) < 2:
        raise ValueError("items to tell apart; expected: 2 or more; got: 1")
    random = np.random.default_rng(seed)
    others = random.integers(0, len(items), len(items))
    while (same := np.flatnonzero(kind[others] == kind)).size:
        others[same] = random.integers(0, len(items), len(same))
    own, other = (np.einsum("ij,ij->i", texts, side) for side in (items, items[others]))
    return np.asarray(own > other)


def figures(compared: Compared) -> str:
    """Return both shares and the lead as a part of a sentence."""
    low, high = compared.lead.low, compared.lead.high
    return (
        f"{compared.candidate.value:.1%} against {compared.champion.value:.1%},"
        f" a difference of {100 * compared.lead.value:+.1f} points (95 % interval {100 * low:+.1f}"
        f" to {100 * high:+.1f})"
    )
