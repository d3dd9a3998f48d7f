"""Slots: the only way for a fact to enter a message, and how each kind of fact is written for people."""

import re
from collections.abc import Mapping
from decimal import Decimal

from overture.core.external_text import shown

SLOTS = ("title", "price", "size", "reason_item", "offer_end")
"""Every slot there is, in the order in which they are told to the model."""

_SLOT = re.compile(r"\{([a-z_]+)\}")
_ARTICLE_LAST = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)
_ARTICLE_FIRST = re.compile(r"(?:the|an?) ", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]{0,4}(?:\.[0-9]{1,3})?) ?([A-Z]{1,3}(?: [A-Z]{2})?)", re.IGNORECASE)
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_UNITS = {
    "oz": "oz", "fz": "fl oz", "lb": "lb", "ct": "ct", "pk": "pk", "ml": "ml", "l": "L", "lt": "L", "ltr": "L",
    "g": "g", "kg": "kg", "gal": "gal", "ga": "gal", "qt": "qt", "pt": "pt", "dz": "dozen", "in": "in", "ft": "ft",
    "sq ft": "sq ft",
}  # fmt: skip


class SlotError(ValueError):
    """A draft has a brace that opens no slot, or a slot that has no value."""


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
    dropped, and so is an article before a value that begins with one. Raises SlotError for a slot without a value and
    for a brace that opens no slot.

    >>> fill("Try  {title}.", {"title": "{price} & Co."})
    'Try {price} & Co.'
    """
    missing = [slot for slot in slots_in(draft) if not values.get(slot)]
    if missing:
        raise SlotError(f"no value for {missing[0]}")
    parts = _SLOT.split(" ".join(draft.split()))
    for place in range(1, len(parts), 2):
        parts[place] = values[parts[place]]
        if parts[place][-1] in ".!?" and parts[place + 1].startswith("."):
            parts[place + 1] = parts[place + 1][1:]
        if _ARTICLE_FIRST.match(parts[place]):
            parts[place - 1] = _ARTICLE_LAST.sub("", parts[place - 1])
    return "".join(parts)


def readable_price(amount: Decimal | None, currency: str) -> str | None:
    """Return a price with its currency; None where there is none or it is not above zero.

    >>> readable_price(Decimal("1234.5"), "USD")
    '$1,234.50'
    >>> readable_price(Decimal("2.49"), "CHF")
    '2.49 CHF'
    """
    if amount is None or amount <= 0:
        return None
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{amount:,.2f}" if symbol else f"{amount:,.2f} {currency}"


def readable_size(raw: str | None) -> str | None:
    """Return a package size as number and unit; None for anything that is not exactly that.

    >>> readable_size("22 LB"), readable_size(".5 L"), readable_size("3 LB/CS")
    ('22 lb', '0.5 L', None)
    """
    found = _SIZE.fullmatch(shown(raw or ""))
    if not found or not found[1] or float(found[1]) <= 0:
        return None
    unit = _UNITS.get(found[2].lower())
    number = f"0{found[1]}" if found[1].startswith(".") else found[1]
    return f"{number} {unit}" if unit else None
