"""How well truth is kept: every draft of the labelled set, judged as a run judges it."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from overture.adapters.text_checks import text_checks
from overture.composing import draft_rules
from overture.configuration import load_config
from overture.core.claims import Fact, Recipient, facts_of
from overture.core.drafts import Draft, Subject, refusal_of
from overture.core.mentions import Names
from overture.core.prompts import own_words
from overture.core.slots import fill, slots_in
from overture.core.soft_claims import proven, soft_claims_in
from overture.core.text_quality import wrong_writing
from overture.languages import language_of
from overture.message_plans import fact_rules, prompt_of

FOLDER = Path(__file__).resolve().parent / "labelled_drafts"
SET, CHINESE = FOLDER / "drafts.jsonl", FOLDER / "chinese.toml"
DAY = date(2017, 11, 28)
UNTRUE = {
    "unproven_claim", "wrong_item", "competitor", "personal_data", "slot_unknown", "slot_missing", "digits", "signs",
    "off_grammar",
}  # fmt: skip
"""Refusals for what a draft says; the others are for how it says it."""


@dataclass(frozen=True)
class Judgement:
    """A draft of the set, why it was refused, and how many of its slots do not say what their cell says."""

    draft: Mapping[str, Any]
    refusal: str | None
    wrong_slots: int

    @property
    def is_caught(self) -> bool:
        """Whether it was refused for what it says."""
        return self.refusal in UNTRUE


@cache
def labelled_drafts() -> tuple[dict[str, Any], ...]:
    """Return the set, as its README tells."""
    return tuple(json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines())


@cache
def labelled_chinese() -> tuple[dict[str, Any], ...]:
    """Return the drafts in Chinese in the form of the others, all of them openings."""
    stated = tomllib.loads(CHINESE.read_text(encoding="utf-8"))
    usual = {"brand": "", "department": None, "size": "500 G", "price": "9.90", "first_valid_on": None}
    items = {name: usual | {"item_id": name} | item for name, item in stated["items"].items()}
    shape = {"form": "opening", "reason_title": None, "source": "by_hand"}
    return tuple(
        shape | {"label": label, "kind": kind, "item": items[item], "text": text, "split": split}
        for split, drafts in stated["drafts"].items()
        for label, kind, item, text in drafts
    )


def judged(drafts: Iterable[Mapping[str, Any]], locale: str = "en_US") -> list[Judgement]:
    """Return each draft judged: an opening as a run judges it, a free text by its claims in words alone."""
    drafts = list(drafts)
    names = _names(drafts)
    return [
        _judged_opening(draft, names, locale) if draft["form"] == "opening" else _judged_text(draft, locale)
        for draft in drafts
    ]


def share(part: Iterable[object], of: Iterable[object]) -> float:
    """Return how large a part is; 0 of nothing."""
    whole = sum(1 for _ in of)
    return sum(1 for _ in part) / whole if whole else 0.0


def _names(drafts: Iterable[Mapping[str, Any]]) -> Names:
    items = [draft["item"] for draft in drafts]
    brands = sorted({item["brand"] for item in items})
    return Names.of_catalogue(sorted({item["title"] for item in items}), brands, load_config("text_checks")["names"])


def _judged_text(draft: Mapping[str, Any], locale: str) -> Judgement:
    rules = draft_rules(locale)
    found = proven(soft_claims_in(draft["text"], rules.lexicon), rules.proofs, _cells(draft["item"]), DAY)
    return Judgement(draft, "unproven_claim" if found is None else None, 0)


def _judged_opening(draft: Mapping[str, Any], names: Names, locale: str) -> Judgement:
    item, text, prompt, rules = draft["item"], draft["text"], prompt_of("prompt", locale), draft_rules(locale)
    facts = facts_of(_recipient(draft), DAY, fact_rules(locale))
    values = {slot: fact.rendered for slot, fact in facts.items()}
    own_names = [name for name in (item["title"], item["category"], draft["reason_title"]) if name]
    subject = Subject(values, DAY, prompt.told, _cells(item), own_names, names)
    refusal = refusal_of(Draft(text, "stop"), own_words(prompt, facts, text), subject, rules)
    refusal = refusal or wrong_writing(text, rules.writing) or text_checks(language_of(locale)).refusal_of(text)
    return Judgement(draft, refusal, 0 if refusal else _wrong_slots(text, facts, draft))


def _wrong_slots(text: str, facts: Mapping[str, Fact], draft: Mapping[str, Any]) -> int:
    """Return how many slots of a shown draft do not read as their cell does, figure by figure and letter by letter."""
    item = draft["item"]
    shown = fill(text, {slot: fact.rendered for slot, fact in facts.items()})
    said = {slot: facts[slot].rendered for slot in slots_in(text)}
    wrong = [words for words in said.values() if words not in shown]
    # Titles may lose words, write out others and stand in another order; no word may begin with a letter that neither
    # cell has, and of figures none may change.
    letters = set(f"{item['title']} {item['category'] or ''} aefio".casefold())  # and, except, for, in, of, or
    wrong += [word for word in said["title"].casefold().split() if word[0] not in letters | set("&-/(")]
    cells = [item["title"], item["size"], item["price"], draft["reason_title"]]
    known = _figures(" ".join(str(cell) for cell in cells))
    return len(wrong) + len(_figures(shown) - known) + shown.count("{") + shown.count("}")


def _figures(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _cells(item: Mapping[str, Any]) -> dict[str, object]:
    new = item["first_valid_on"]
    return {**item, "first_valid_on": date.fromisoformat(new) if isinstance(new, str) else new}


def _recipient(draft: Mapping[str, Any]) -> Recipient:
    item = draft["item"]
    names = [item[name] for name in ("item_id", "title", "department", "category", "brand", "size")]
    reason = draft["reason_title"]
    price = Decimal(item["price"])
    return Recipient("u1", *names, price, "USD", reason and "reason", reason, False, "als_with_ease", _cells(item))
