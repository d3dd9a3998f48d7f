"""Claims: what a message says about an item, each tied to the published cell that proves it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from overture.core.external_text import twins_of
from overture.core.slots import Figures, TitleRules, readable_size, readable_title, slots_in

ITEM_FACTS = "marts.item_facts"


@dataclass(frozen=True)
class FactRules:
    """How cells become facts.

    figures: how prices and sizes are written.
    departments_without_size: where the shop's package size is that of a shipping case, not of what a customer buys.
    """

    figures: Figures
    titles: TitleRules = field(default_factory=TitleRules)
    departments_without_size: Collection[str] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any], look_alikes: Mapping[str, Any], figures: Figures) -> "FactRules":
        """Return the rules of `config/copy.toml`, with those of `config/look_alikes.toml`."""
        titles = config["title"]
        longest = config["message"]["name_length"]
        return cls(
            figures,
            TitleRules(titles["words"], titles["cut_length"], longest, twins_of(look_alikes)),
            frozenset(config["size"]["not_of_departments"]),
        )


@dataclass(frozen=True)
class Recipient:
    """One user who gets a message, and what the day's tables say about the item that it may be about.

    Texts are the shop's own, untouched. `reason_*` is the item in the user's history that led to this one;
    `is_favourite_department` says whether the item stands where the user spends most. `signature` is what the prompt
    may be told of the user, None where there is nothing to tell, and `signature_id` its short hash. `rank` is
    the item's place in the user's list. `cells`: the item's row of `marts.item_facts`, by column, as far as a claim in
    words may be proven by it. `own_fields`: what else the shop knows of the user (age band and the like), which no text
    may say. `locale`: the user's own as the shop has it, None where it has none.
    """

    user_id: str
    item_id: str
    title: str
    department: str | None
    category: str | None
    brand: str | None
    size: str | None
    price: Decimal | None
    currency: str
    reason_item_id: str | None
    reason_title: str | None
    is_favourite_department: bool
    strategy: str
    signature: str | None = None
    signature_id: str | None = None
    rank: int = 1
    cells: Mapping[str, object] = field(default_factory=dict)
    own_fields: Sequence[str] = ()
    locale: str | None = None


@dataclass(frozen=True)
class Fact:
    """A statement as it may stand in a message, with its cell: table, column, the row's key, the row's day."""

    rendered: str
    source_table: str
    source_column: str
    source_key: str
    source_day: date


def facts_of(recipient: Recipient, day: date, rules: FactRules) -> dict[str, Fact]:
    """Return the facts that this message may use, by slot; a slot whose cell says nothing usable is absent.

    An item of whose title nothing can be seen is called by its category, department or brand. The reason is absent
    where it reads like the title itself: "because you bought milk: milk" explains nothing.
    """
    reason = readable_title(recipient.reason_title or "", rules.titles)
    title, column = _name_of(recipient, rules)
    price = None if recipient.price is None else rules.figures.price(recipient.price, recipient.currency)
    has_size = recipient.department not in rules.departments_without_size
    texts = {
        "title": (title, column, recipient.item_id),
        "price": (price, "price", recipient.item_id),
        "size": (readable_size(recipient.size, rules.figures) if has_size else None, "size", recipient.item_id),
        "reason_item": (reason if reason != title else None, "title", recipient.reason_item_id),
    }
    return {
        slot: Fact(text, ITEM_FACTS, column, f"item_id={item_id}", day)
        for slot, (text, column, item_id) in texts.items()
        if text
    }


def _name_of(recipient: Recipient, rules: FactRules) -> tuple[str, str]:
    """Return what the item is called, "" where it has no name at all, and the column that says so."""
    for column in ("title", "category", "department", "brand"):
        name = readable_title(getattr(recipient, column) or "", rules.titles)
        if name:
            return name, column
    return "", "title"


def claims_in(draft: str, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return the facts that a draft uses, by slot, each once; raise KeyError for a slot without a fact."""
    return {slot: facts[slot] for slot in slots_in(draft)}
