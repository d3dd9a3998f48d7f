"""Which of the replies that could be taught are: those that fit their item, for the readers whose likes they suit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from overture.adapters.item_embeddings import embed
from overture.adapters.model_store import Model
from overture.copy_examples import Gathered, Lesson
from overture.core.claims import Recipient
from overture.core.copy_fitting import Embeddings, Values, likeliest, outdone
from overture.core.copy_training_set import Example, fingerprint_of, item_key, mixed
from overture.errors import UsageError
from overture.message_plans import plan_message
from overture.settings import Settings


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


def described(item: Recipient) -> str:
    """Return what an item is, as far as the model is told it."""
    return f"{item.title} {item.category or ''}"


def suited(settings: Settings, found: Gathered, stated: Mapping[str, Any]) -> list[Lesson]:
    """Return the lessons whose words are nearer to their own item than to `least_fit` of the other ones.

    What was shown keeps its reader's likes, which it must fit better than `least_liking` of the other likes; what was
    written is for the likes that it suits most. stated: as [set] of `config/copy_tuning.toml`. Where there is nothing
    to tell apart, all fit. Raises what `embed` raises.
    """
    if not found.lessons:
        return []
    words = np.asarray(embed(settings, [lesson.words for lesson in found.lessons]))
    fit = _share(settings, words, [described(lesson.item) for lesson in found.lessons])
    suits = [found.likes[place] for place in likeliest(words, embed(settings, found.likes))] if found.likes else []
    lessons = [
        lesson if lesson.is_past or not suits else replace(lesson, item=replace(lesson.item, signature=suits[place]))
        for place, lesson in enumerate(found.lessons)
    ]
    liking = _share(settings, words, [lesson.item.signature or "" for lesson in lessons])
    is_kept = (fit >= stated["least_fit"]) & (liking >= stated["least_liking"])
    return [lesson for lesson, kept in zip(lessons, is_kept, strict=True) if kept]


def training_set(
    settings: Settings, found: Gathered, model: Model, stated: Mapping[str, Any], seed: int
) -> TrainingSet:
    """Return the lessons that fit as examples in the order that the seed decides; the same each time.

    stated: as [set] of `config/copy_tuning.toml`. Raises UsageError where none was written for the day's kinds of
    goods, and what `embed` raises.
    """
    lessons = suited(settings, found, stated)
    made = [_example(each, found.day, model) for each in lessons if not each.is_past]
    past = [_example(each, found.day, model) for each in lessons if each.is_past]
    if not made:
        expected, got = "phrases that suit the day's kinds of goods", f"none of {len(found.lessons)} replies"
        raise UsageError("nothing to tune with", where=found.day, expected=expected, got=got)
    examples = mixed(made, past, stated["most_past_share"], seed)
    return TrainingSet(examples, len(examples) - len(made), found.judged)


def _share(settings: Settings, words: Embeddings, texts: Sequence[str]) -> Values:
    """Return the share of the other texts that each row of words is less like than its own; 1 where it has none."""
    kinds, own = np.unique(np.array(texts, dtype=str), return_inverse=True)
    is_known = kinds[own] != ""
    shares = np.ones(len(texts))
    if len(set(kinds) - {""}) > 1:
        kept = np.flatnonzero(kinds != "")
        places = np.searchsorted(kept, own[is_known])
        shares[is_known] = outdone(words[is_known], embed(settings, kinds[kept].tolist()), places)
    return shares


def _example(lesson: Lesson, day: date, model: Model) -> Example:
    item = lesson.item
    messages = tuple((role, content) for role, content in plan_message(item, day, model).requests[0].messages)
    return Example(item_key(item.title, item.category), messages, lesson.text)
