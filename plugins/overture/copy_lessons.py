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
    written is for the likes that it suits most. What a person has edited stays. Where there is nothing to tell apart,
    all fit. stated: as [set] of `config/copy_tuning.toml`. Raises what `embed` raises.
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
    is_kept |= np.array([lesson.is_edited for lesson in lessons])
    return [lesson for lesson, kept in zip(lessons, is_kept, strict=True) if kept]


def training_set(
    settings: Settings, found: Gathered, model: Model, stated: Mapping[str, Any], seed: int
) -> TrainingSet:
    """Return the lessons that fit as examples in the order that the seed decides; the same each time.

    stated: as [set] of `config/copy_tuning.toml`. Raises what `examples_of` and `embed` raise.
    """
    fitting = replace(found, lessons=suited(settings, found, stated))
    return examples_of(fitting, model, stated["most_past_share"], seed)


def examples_of(found: Gathered, model: Model, most_past_share: float, seed: int) -> TrainingSet:
    """Return all lessons but past ones beyond their share; what a person has put right is taught in any case.

    Raises UsageError where none was written for the day's kinds of goods.
    """
    is_past = [lesson.is_past for lesson in found.lessons]
    if all(is_past):
        expected, got = "phrases that suit the day's kinds of goods", f"{len(is_past)} past replies alone"
        raise UsageError("nothing to tune with", where=found.day, expected=expected, got=got)
    examples = [_example(each, found.day, model) for each in found.lessons]
    pairs = list(zip(found.lessons, examples, strict=True))
    sure = [example for lesson, example in pairs if lesson.is_edited or not lesson.is_past]
    others = [example for lesson, example in pairs if lesson.is_past and not lesson.is_edited]
    chosen = mixed(sure, others, most_past_share, seed)
    return TrainingSet(chosen, len(chosen) - is_past.count(False), found.judged)


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
