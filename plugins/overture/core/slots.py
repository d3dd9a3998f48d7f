"""Slots: the only way for a fact to enter a message, and how each kind of fact is written for people."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from overture.core.external_text import shown

SLOTS = ("title", "price", "size", "reason_item", "offer_end")
"""Every slot there is, in the order in which they are told to the model."""

_SLOT = re.compile(r"\{([a-z_]+)\}")
_ARTICLE_LAST = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)
_ARTICLE_FIRST = re.compile(r"(?:the|an?) ", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]{0,4}(?:\.[0-9]{1,3})?) ?([A-Z]{1,3}(?: [A-Z]{2})?)", re.IGNORECASE)


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
    dropped, a full-width one too where the value ends with such a one; so is an article before a value that begins with
    one. Raises SlotError for a slot without a value and for a brace that opens no slot.

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
        if _ARTICLE_FIRST.match(parts[place]):
            parts[place - 1] = _ARTICLE_LAST.sub("", parts[place - 1])
    return "".join(parts)


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
