"""What a copy model could be tuned with, and is judged by: replies about a day's items that our own checks let pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, Final

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_models import edited_by_people, read_items, read_signatures, shown_drafts
from overture.composing import compose
from overture.configuration import load_config
from overture.core.claims import Recipient
from overture.core.copy_training_set import (
    Shelf,
    drawn_from,
    is_held_out,
    item_key,
    place_of,
    replies,
    shelf_of,
    shelves_of,
)
from overture.core.prompts import openings_with, own_words, with_words
from overture.core.titles import name_of
from overture.errors import SettingsError, UsageError
from overture.message_plans import Plan, fact_rules, plan_message, prompt_of

NOBODY = "nobody"
"""Who signs a reply that no engine wrote."""

MOST_SHOWN: Final = 20_000
"""So many drafts that were shown are looked at, a fair draw where there are more."""


@dataclass(frozen=True)
class Lesson:
    """A reply about an item to a reader of its `signature`.

    words: those in its gap. is_past: whether it was shown before; is_edited: whether a person put it right.
    """

    item: Recipient
    text: str
    words: str
    is_past: bool = False
    is_edited: bool = False


@dataclass(frozen=True)
class Gathered:
    """What a day has to teach with: replies that pass the checks, the signatures of its readers, and who judges."""

    day: date
    lessons: Sequence[Lesson]
    likes: Sequence[str]
    judged: Sequence[Recipient]


def gathered(warehouse: Warehouse, day: date, model: Model, stated: Mapping[str, Any], seed: int) -> Gathered:
    """Return what could be taught and who judges, as of a published day; the same each time.

    stated: as [set] of `config/copy_tuning.toml`. Items that share title and category count as one. Who judges is given
    one of the day's signatures, drawn by the seed. Raises UsageError where the day has no items, or too few.
    """
    all_items = read_items(warehouse, day)
    items = _one_of_each(all_items, seed)
    if not items:
        raise UsageError("no items", where=day, expected="a day that a run has published", got="none")
    likes = read_signatures(warehouse, day)
    held_out = {key for key in items if is_held_out(key, seed, stated["held_out_share"])}
    taught = [item for key, item in items.items() if key not in held_out][: stated["items"]]
    judges = [key for key in items if key in held_out][: stated["judged_items"]]
    if not taught or len(judges) < 2:
        got = f"{len(taught)} to teach with, {len(judges)} to judge by"
        raise UsageError("too few items to tune with", where=day, expected="one, and two or more", got=got)
    plans = [plan_message(item, day, model) for item in taught]
    written = [lesson for plan in plans for lesson in _written(plan, day, stated["replies"], seed)]
    others = {item.item_id: item for item in all_items if item_key(item.title, item.category) not in held_out}
    lessons = [*written, *_shown(warehouse, day, model, others)]
    return Gathered(
        day, lessons, likes, [replace(items[key], signature=drawn_from(likes, key, seed)) for key in judges]
    )


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


def _written(plan: Plan, day: date, most: int, seed: int) -> list[Lesson]:
    """Return up to `most` replies of phrases that suit the item and pass the checks."""
    about = plan.recipient
    shelf = shelf_of(shelves(), about.category, about.title)
    if shelf is None:
        return []
    openings, key = openings_with(prompt_of("prompt"), plan.facts), item_key(about.title, about.category)
    texts = ((with_words(opening, phrase), phrase) for opening, phrase in replies(openings, shelf.phrases, key, seed))
    # A phrase of three would do; where ten in a row are refused, it is the title that is in the way.
    tried = islice(texts, 10 * most)
    passed = (each for each in tried if refusal_of_text(plan, _reply(plan, each[0]), day) is None)
    return [Lesson(about, text, words) for text, words in islice(passed, most)]


def _shown(warehouse: Warehouse, day: date, model: Model, items: Mapping[str, Recipient]) -> list[Lesson]:
    found, edited = [], edited_by_people(warehouse)
    for item_id, likes, text in shown_drafts(warehouse, day, MOST_SHOWN):
        if item_id not in items:
            continue
        item = replace(items[item_id], signature=likes or None)
        plan = plan_message(item, day, model)
        words = own_words(prompt_of("prompt"), plan.facts, text)
        # It was shown, but rules and facts may have changed since.
        if words and refusal_of_text(plan, _reply(plan, text), day) is None:
            found.append(Lesson(item, text, words, is_past=True, is_edited=text in edited))
    return found


def _reply(plan: Plan, text: str) -> RawDraft:
    request = plan.requests[0]
    return RawDraft(request.draft_id, text, "stop", 0, 0, NOBODY, "", NOBODY, "", "", 0, request.prompt_version)
