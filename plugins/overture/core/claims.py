"""Claims: what a message says about an item, each tied to the published cell that proves it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from overture.core.days import readable_day
from overture.core.slots import Figures, readable_size, slots_in
from overture.core.titles import Name, TitleRules, name_of

ITEM_FACTS = "marts.item_facts"
ITEM_OFFERS = "marts.item_offers"
BESIDE = ":"
"""What parts a slot from the column of a second cell that its claim rests on: `title:category`."""


@dataclass(frozen=True)
class FactRules:
    """How cells become facts.

    figures: how prices and sizes are written.
    departments_without_size: where the shop's package size is that of a shipping case, not of what a customer buys.
    language: that days are written in.
    """

    figures: Figures
    titles: TitleRules = field(default_factory=TitleRules)
    departments_without_size: Collection[str] = ()
    language: str = "en"

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], titles: Mapping[str, Any], look_alikes: Mapping[str, Any], figures: Figures
    ) -> "FactRules":
        """Return the rules of `config/copy.toml`, with those of `config/titles.toml` and `config/look_alikes.toml`."""
        names = TitleRules.from_config(titles, look_alikes, config["message"]["name_length"])
        return cls(figures, names, frozenset(config["size"]["not_of_departments"]))


@dataclass(frozen=True)
class Recipient:
    """One user who gets a message, and what the day's tables say about the item that it may be about.

    Texts are the shop's own, untouched. `reason_*` is the item in the user's history that led to this one;
    `is_favourite_department` says whether the item stands where the user spends most. `signature` is what the prompt
    may be told of the user, None where there is nothing to tell, and `signature_id` its short hash. `rank` is
    the item's place in the user's list. `cells`: the item's row of `marts.item_facts`, by column, as far as a claim in
    words may be proven by it. `own_fields`: what else the shop knows of the user (age band and the like), which no text
    may say. `offer_*`: of the offers on the item that hold for this user on the day, the one that ends last. `locale`:
    the user's own as the shop has it, None where it has none.
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
    reason_category: str | None = None
    offer_id: str | None = None
    offer_ends_on: date | None = None
    locale: str | None = None


@dataclass(frozen=True)
class Fact:
    """A statement as it may stand in a message, with its cell: table, column, the row's key, the row's day.

    beside: columns of the same row that prove it together with that one.
    """

    rendered: str
    source_table: str
    source_column: str
    source_key: str
    source_day: date
    beside: tuple[str, ...] = ()


def facts_of(recipient: Recipient, day: date, rules: FactRules) -> dict[str, Fact]:
    """Return the facts that this message may use, by slot; a slot whose cell says nothing usable is absent.

    What an item is called is told by its title, completed by its category where that names nothing; without a name
    there is no title. The reason is absent where it reads like the title itself: "because you bought milk: milk"
    explains nothing.
    """
    name = name_of(recipient.title, recipient.category, rules.titles)
    reason = name_of(recipient.reason_title, recipient.reason_category, rules.titles)
    price = None if recipient.price is None else rules.figures.price(recipient.price, recipient.currency)
    has_size = recipient.department not in rules.departments_without_size
    size = readable_size(recipient.size, rules.figures) if has_size else None
    texts = {
        "title": (name, recipient.item_id),
        "price": (_named(price, "price"), recipient.item_id),
        "size": (_named(size, "size"), recipient.item_id),
        "reason_item": (
            reason if reason and (not name or reason.text != name.text) else None,
            recipient.reason_item_id,
        ),
    }
    facts = {
        slot: Fact(said.text, ITEM_FACTS, said.columns[0], f"item_id={item_id}", day, said.columns[1:])
        for slot, (said, item_id) in texts.items()
        if said
    }
    return facts | _offer_of(recipient, day, rules)


def _offer_of(recipient: Recipient, day: date, rules: FactRules) -> dict[str, Fact]:
    """Return until when the item is on offer for the reader; nothing where it is not, or no longer."""
    until = recipient.offer_ends_on
    text = readable_day(until, day, rules.language) if until else None
    key = f"offer_id={recipient.offer_id} item_id={recipient.item_id}"
    return {"offer_end": Fact(text, ITEM_OFFERS, "ends_on", key, day)} if text else {}


def _named(text: str | None, column: str) -> Name | None:
    return Name(text, (column,)) if text else None


def claims_in(draft: str, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return the facts that a draft uses, by slot, each once; raise KeyError for a slot without a fact."""
    return {slot: facts[slot] for slot in slots_in(draft)}


def ledger_rows(slot: str, fact: Fact) -> list[dict[str, object]]:
    """Return a claim's rows of the ledger: one under its slot, and one for each cell beside, as `title:category`."""
    row = {name: value for name, value in vars(fact).items() if name != "beside"}
    others = [row | {"slot": f"{slot}{BESIDE}{column}", "source_column": column} for column in fact.beside]
    return [row | {"slot": slot}, *others]
