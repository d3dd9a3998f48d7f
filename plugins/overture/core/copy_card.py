"""A tuned copy model's card: what it is, how it was made, what was compared, and samples, as a page in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from overture.core.bootstrap import Interval
from overture.core.copy_contest import Verdict

Refusals = Mapping[str, int]
Shown = tuple[str, str | None]
"""A text, and why it was refused, if it was."""

PURPOSE: Final = (
    "Writes one gap of a shop's message, under a grammar and behind checks; made for nothing else. Its weights stay in"
    " the home that made them."
)


@dataclass(frozen=True)
class Card:
    """What the page says. Of each pair the tuned model comes first, the model in force second.

    stated: facts by name. groups: kind of items -> accepted drafts and all, of both. samples: an item's title, and what
    both wrote first.
    """

    name: str
    day: str
    verdict: Verdict
    stated: Mapping[str, object]
    groups: Mapping[str, tuple[tuple[int, int], tuple[int, int]]]
    refusals: tuple[Refusals, Refusals]
    samples: Sequence[tuple[str, Sequence[Shown]]]


def card(found: Card) -> str:
    """Return the page."""
    state = "promoted" if found.verdict.is_accepted else "not promoted"
    parts = [
        f"# {found.name}: {state}, as of {found.day}",
        found.verdict.reason,
        PURPOSE,
        _table(("", ""), found.stated.items()),
        "## Held-out items",
        _table(("share of drafts", "tuned", "in force", "lead"), _compared(found.verdict)),
        "## Accepted drafts, by items",
        _table(("items", "tuned", "in force"), [(name, *map(_of, pair)) for name, pair in found.groups.items()]),
        "## Refused drafts",
        _table(("reason", "tuned", "in force"), _refused(found.refusals)),
        "## Samples, drawn by the seed",
        *(_sample(title, texts) for title, texts in found.samples),
    ]
    return "\n\n".join(parts) + "\n"


def _compared(verdict: Verdict) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (name, *map(_percent, (each.candidate, each.champion)), _percent(each.lead, "+"))
        for name, each in verdict.shares.items()
    ]
    ours, theirs = verdict.variety
    return [*rows, ("distinct word pairs", f"{ours:.1%}", f"{theirs:.1%}", f"{100 * (ours - theirs):+.1f}")]


def _percent(interval: Interval, sign: str = "") -> str:
    value, low, high = (f"{100 * end:{sign}.1f}" for end in interval)
    return f"{value} % ({low} to {high})"


def _of(counts: tuple[int, int]) -> str:
    passed, asked = counts
    return f"{passed} of {asked}" + (f" ({passed / asked:.0%})" if asked else "")


def _refused(refusals: tuple[Refusals, Refusals]) -> list[tuple[object, ...]]:
    names = sorted({*refusals[0], *refusals[1]})
    return [(name, *(side.get(name, 0) for side in refusals)) for name in names] or [("none", 0, 0)]


def _sample(title: str, texts: Sequence[Shown]) -> str:
    sides = zip(("tuned", "in force"), texts, strict=True)
    lines = [f"- {side}{f' (refused: {why})' if why else ''}: {_plain(text)}" for side, (text, why) in sides]
    return "\n".join([f"**{_plain(title)}**", "", *lines])


def _table(heading: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(_plain(str(cell)) for cell in line)} |" for line in lines)


def _plain(text: str) -> str:
    """Return external text as it may stand in a line of Markdown."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
