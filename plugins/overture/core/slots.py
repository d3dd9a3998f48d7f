"""Slots: the only way for a fact to enter a message, and how each kind of fact is written for people."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from overture.core.external_text import shown

SLOTS = ("title", "price", "size", "reason_item")
"""Every slot there is, in the order in which they are told to the model."""

_SLOT = re.compile(r"\{([a-z_]+)\}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SIZE = re.compile(r"([0-9]{0,4}(?:\.[0-9]{1,3})?) ?([A-Z]{1,3}(?: [A-Z]{2})?)", re.IGNORECASE)
_SMALL_WORDS = frozenset({"a", "an", "and", "for", "in", "not", "of", "on", "or", "the", "to", "with"})


class SlotError(ValueError):
    """A draft has a brace that opens no slot, or a slot that has no value."""


@dataclass(frozen=True, eq=False)
class Figures:
    """How a locale writes figures.

    price: an amount and its currency (ISO 4217) as text, None for what cannot be said exactly. units: what the shop's
    unit, in small letters, is called; before_unit: what stands between the figure and it.
    """

    price: Callable[[Decimal, str], str | None]
    decimal_sign: str
    units: Mapping[str, str]
    before_unit: str = " "


@dataclass(frozen=True)
class TitleRules:
    """How titles are written for people: those in capitals are calmed down, endless ones cut.

    words: what an abbreviation (lower case) stands for; capitals in the replacement are kept.
    cut_length: titles of exactly this many characters were cut by the shop's system; their last word is dropped.
    longest: titles of more characters, in capitals or not, end at a word before it with an ellipsis.
    twins: the Latin letter that a letter of another script looks like.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    cut_length: int | None = None
    longest: int = 1000
    twins: Mapping[str, str] = field(default_factory=dict)


def slots_in(draft: str) -> tuple[str, ...]:
    """Return the names between braces in order of appearance; raise SlotError for any other brace.

    >>> slots_in("Try {title} for {price}.")
    ('title', 'price')
    """
    if re.search(r"[{}]", _SLOT.sub("", draft)):
        raise SlotError("a brace that opens no slot")
    return tuple(_SLOT.findall(draft))


def fill(draft: str, values: Mapping[str, str]) -> str:
    """Return the draft with each slot replaced by its value, exactly; values are never read as slots themselves.

    White space in the draft collapses to single spaces. A full stop after a value that ends a sentence itself is
    dropped, a full-width one too where the value ends with such a one. Raises SlotError for a slot without a
    value and for a brace that opens no slot.

    >>> fill("Try  {title}.", {"title": "{price} & Co."})
    'Try {price} & Co.'
    """
    missing = [slot for slot in slots_in(draft) if not values.get(slot)]
    if missing:
        raise SlotError(f"no value for {missing[0]}")
    parts = _SLOT.split(" ".join(draft.split()))
    for place in range(1, len(parts), 2):
        parts[place] = values[parts[place]]
        ends = parts[place][-1]
        if (ends in ".!?" and parts[place + 1].startswith(".")) or (
            ends in "\u3002\uff01\uff1f" and parts[place + 1].startswith("\u3002")
        ):
            parts[place + 1] = parts[place + 1][1:]
    return "".join(parts)


def readable_title(raw: str, rules: TitleRules | None = None) -> str:
    """Return a shop's title as people write it; a title that has small letters already keeps its letters.

    What is invisible or deceptive is gone (`external_text.shown`). Nothing else is taken out of a title of usual
    length: whatever it says is shown as it is.

    >>> readable_title("ICE - CRUSHED/CUBED")
    'Ice - Crushed/Cubed'
    """
    rules = rules or TitleRules()
    title = shown(raw, rules.twins)
    if title == title.upper() != title.lower():
        title = _without_cut_word(title) if len(title) == rules.cut_length else title
        title = _WORD.sub(lambda word: _calm(word, rules.words), title)
    if len(title) > rules.longest:
        title = title[: rules.longest].rsplit(" ", 1)[0][: rules.longest - 1] + "…"
    return title


def _without_cut_word(title: str) -> str:
    kept = re.sub(r"[ /&(-]+[^ /&(-]*$", "", title)
    opened = kept.rfind("(")
    if opened > kept.rfind(")"):
        kept = kept[:opened]
    return kept.rstrip(" -/&:,") or title


def _calm(found: re.Match[str], words: Mapping[str, str]) -> str:
    word = found.group().lower()
    known = words.get(word)
    if known is not None:
        return known if known != known.lower() else known.title()
    follows_digit = found.start() > 0 and found.string[found.start() - 1].isdigit()
    if follows_digit or (found.start() > 0 and word in _SMALL_WORDS):
        return word
    return word[0].upper() + word[1:]


def readable_size(raw: str | None, figures: Figures) -> str | None:
    """Return a package size as number and unit; None for anything that is not exactly that.

    >>> figures = Figures(lambda amount, currency: None, ",", {"lb": "lb", "l": "l"})
    >>> readable_size("22 LB", figures), readable_size(".5 L", figures), readable_size("3 LB/CS", figures)
    ('22 lb', '0,5 l', None)
    """
    found = _SIZE.fullmatch(shown(raw or ""))
    if not found or not found[1] or float(found[1]) <= 0:
        return None
    unit = figures.units.get(found[2].lower())
    number = f"0{found[1]}" if found[1].startswith(".") else found[1]
    return f"{number.replace('.', figures.decimal_sign)}{figures.before_unit}{unit}" if unit else None
