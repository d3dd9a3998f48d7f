"""What a copy model is tuned with, and judged by: replies about a day's items that our own checks let pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_models import edited_by_people, read_items, shown_drafts
from overture.composing import compose
from overture.configuration import load_config
from overture.core.claims import Recipient
from overture.core.copy_training_set import (
    Example,
    Shelf,
    fingerprint_of,
    is_held_out,
    item_key,
    mixed,
    place_of,
    replies,
    shelf_of,
    shelves_of,
)
from overture.core.prompts import openings_with, with_words
from overture.core.titles import name_of
from overture.errors import SettingsError, UsageError
from overture.message_plans import Plan, fact_rules, plan_message, prompt_of

NOBODY = "nobody"
"""Who signs a reply that no engine wrote."""


@dataclass(frozen=True)
class TrainingSet:
    """Examples in the order of the set, how many of them were shown before, and the held-out items that judge."""

    examples: Sequence[Example]
    past: int
    judged: Sequence[Recipient]

    @property
    def fingerprint(self) -> str:
        """A sha256 (hex) over the examples."""
        return fingerprint_of(self.examples)


def training_set(warehouse: Warehouse, day: date, model: Model, stated: Mapping[str, Any], seed: int) -> TrainingSet:
    """Return what is taught and who judges, as of a published day; the same each time.

    stated: as [set] of `config/copy_tuning.toml`. Items that share title and category count as one. Raises UsageError
    where the day has no items, or too few to teach and to judge.
    """
    items = _one_of_each(read_items(warehouse, day), seed)
    if not items:
        raise UsageError("no items", where=day, expected="a day that a run has published", got="none")
    held_out = {key for key in items if is_held_out(key, seed, stated["held_out_share"])}
    taught = [item for key, item in items.items() if key not in held_out][: stated["items"]]
    judged = [item for key, item in items.items() if key in held_out][: stated["judged_items"]]
    plans = {item.item_id: plan_message(item, day, model) for item in taught}
    written = [each for plan in plans.values() for each in _written(plan, day, stated["replies"], seed)]
    if not written or len(judged) < 2:
        got = f"{len(written)} examples and {len(judged)} items to judge by"
        raise UsageError("too few items to tune with", where=day, expected="one example, two items or more", got=got)
    past = _shown(warehouse, day, model, held_out)
    edited = edited_by_people(warehouse)
    # What a person has put right is taught in any case; of the other past ones a share.
    preferred = [each for each in past if each.reply in edited]
    others = [each for each in past if each.reply not in edited]
    examples = mixed([*written, *preferred], others, stated["most_past_share"], seed)
    return TrainingSet(examples, len(examples) - len(written), judged)


def is_taught(item: Recipient) -> bool:
    """Say whether there are phrases for an item's kind of goods."""
    return shelf_of(shelves(), item.category, item.title) is not None


@cache
def shelves() -> tuple[Shelf, ...]:
    """Return the shelves of `config/copy_phrases.toml`; raise SettingsError for bad ones."""
    try:
        return shelves_of(load_config("copy_phrases"))
    except ValueError as error:
        raise SettingsError("bad phrases", where="copy_phrases.toml", expected="words, phrases", got=error) from error


def refusal_of_text(plan: Plan, draft: RawDraft, day: date) -> str | None:
    """Return why a draft may not be shown about the plan's item, by all checks that a message passes; None if it may.

    The draft answers any one request of the plan.
    """
    alone = replace(plan, requests=(replace(plan.requests[0], draft_id=draft.draft_id),))
    message, _ = compose(alone, {draft.draft_id: draft}, day)
    refusal = message.get("refusal")
    return None if refusal is None else str(refusal)


def _one_of_each(items: Sequence[Recipient], seed: int) -> dict[str, Recipient]:
    """Return one item of each key that has a name, keys in an order that the seed decides."""
    keyed = {item_key(item.title, item.category): item for item in reversed(items)}
    rules = fact_rules().titles
    keyed = {key: item for key, item in keyed.items() if name_of(item.title, item.category, rules)}
    return {key: keyed[key] for key in sorted(keyed, key=lambda key: (place_of(key, seed + 1), key))}


def _written(plan: Plan, day: date, most: int, seed: int) -> list[Example]:
    """Return up to `most` replies of phrases that suit the item and pass the checks."""
    about = plan.recipient
    shelf = shelf_of(shelves(), about.category, about.title)
    if shelf is None:
        return []
    openings, key = openings_with(prompt_of("prompt"), plan.facts), item_key(about.title, about.category)
    texts = (with_words(opening, phrase) for opening, phrase in replies(openings, shelf.phrases, key, seed))
    # A phrase of three would do; where ten in a row are refused, it is the title that is in the way.
    passed = (text for text in islice(texts, 10 * most) if refusal_of_text(plan, _reply(plan, text), day) is None)
    return [_example(plan, text) for text in islice(passed, most)]


def _shown(warehouse: Warehouse, day: date, model: Model, held_out: set[str]) -> list[Example]:
    shown = shown_drafts(warehouse, day)
    wanted = {item_id for item_id, _ in shown}
    items = {item.item_id: item for item in read_items(warehouse, day) if item.item_id in wanted}
    found = []
    for item_id, text in shown:
        item = items.get(item_id)
        if item is None or item_key(item.title, item.category) in held_out:
            continue
        plan = plan_message(item, day, model)
        # It was shown, but rules and facts may have changed since.
        if refusal_of_text(plan, _reply(plan, text), day) is None:
            found.append(_example(plan, text))
    return found


def _example(plan: Plan, text: str) -> Example:
    messages = tuple((role, content) for role, content in plan.requests[0].messages)
    return Example(item_key(plan.recipient.title, plan.recipient.category), messages, text)


def _reply(plan: Plan, text: str) -> RawDraft:
    request = plan.requests[0]
    return RawDraft(request.draft_id, text, "stop", 0, 0, NOBODY, "", NOBODY, "", "", 0, request.prompt_version)
