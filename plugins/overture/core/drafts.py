"""Drafts: what is checked before a model's text may reach anyone."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from overture.core.slots import SlotError, fill, slots_in

NOT_GENERATED = "not_generated"
TOO_LONG_PROMPT = "too_long_prompt"
BAD_GRAMMAR = "bad_grammar"
OVER_BUDGET = "over_budget"
RECALLED = "recalled"
NEVER_ASKED = (TOO_LONG_PROMPT, BAD_GRAMMAR, OVER_BUDGET, RECALLED)
"""Finish reasons of requests that the engine never saw, or whose draft a person recalled; the reason is the refusal."""

REFUSALS = (
    NOT_GENERATED, *NEVER_ASKED, "unfinished", "slot_unknown", "slot_missing", "digits", "signs", "off_grammar",
    "banned_words", "dangling", "repetition", "tautology", "echo", "too_short", "too_long",
)  # fmt: skip
"""Every reason code, in the order in which drafts are checked."""

_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_ADDRESS = re.compile(r"://|\bwww\b|@|\b\w+\.(?:com|net|org|io|shop)\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d")
_SIGN = re.compile(r"[$€£%<>|\[\]\\`*#=~^_]")


@dataclass(frozen=True)
class DraftRules:
    """What a draft may not do; `config/copy.toml` says why.

    text_length: characters of a message, both ends allowed. banned_words: lower case, single or several words.
    dangling_words: words that no phrase ends with.
    """

    text_length: tuple[int, int]
    banned_words: Collection[str]
    dangling_words: Collection[str]
    repeated_word_letters: int
    repeated_word_times: int
    echo_words: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "DraftRules":
        """Return the rules of `config/copy.toml`."""
        shortest, longest = config["message"]["text_length"]
        rules = config["drafts"]
        return cls(
            text_length=(shortest, longest),
            banned_words=frozenset(word.lower() for word in (*rules["banned_words"], *rules["about_readers"])),
            dangling_words=frozenset(rules["dangling_words"]),
            repeated_word_letters=rules["repeated_word_letters"],
            repeated_word_times=rules["repeated_word_times"],
            echo_words=rules["echo_words"],
        )


@dataclass(frozen=True)
class Draft:
    """A model's text with its slots open, and why the model stopped (`stop` when it had finished)."""

    text: str
    finish_reason: str


def refusal_of(
    draft: Draft | None, values: Mapping[str, str], own_words: str | None, rules: DraftRules, told: Sequence[str]
) -> str | None:
    """Return the reason code why a draft may not be shown; None when it may.

    values: the facts that may fill its slots. own_words: what the model wrote itself, None where the draft does not
    follow its grammar. told: the instructions and examples that the model was given.
    """
    if draft is None:
        return NOT_GENERATED
    if draft.finish_reason in NEVER_ASKED:
        return draft.finish_reason
    if draft.finish_reason != "stop":
        return "unfinished"
    refusal = _wrong_slots(draft.text, values) or _wrong_signs(draft.text)
    if refusal or own_words is None:
        return refusal or "off_grammar"
    words = _WORD.findall(own_words.lower())
    return (
        _wrong_words(words, rules)
        or _wrong_relation(words, values["title"], rules, told)
        or wrong_length(fill(draft.text, values), rules)
    )


def _wrong_slots(text: str, values: Mapping[str, str]) -> str | None:
    try:
        slots = slots_in(text)
    except SlotError:
        return "slot_unknown"
    if set(slots) - values.keys():
        return "slot_unknown"
    return None if slots.count("title") == 1 and len(set(slots)) == len(slots) else "slot_missing"


def _wrong_signs(text: str) -> str | None:
    written = re.sub(r"\{[a-z_]+\}", " ", text)
    if _FIGURE.search(written):
        return "digits"
    return "signs" if _SIGN.search(written) or _ADDRESS.search(written) else None


def _wrong_words(words: list[str], rules: DraftRules) -> str | None:
    spoken = f" {' '.join(words)} "
    if any(f" {banned} " in spoken for banned in rules.banned_words):
        return "banned_words"
    if words and words[-1] in rules.dangling_words:
        return "dangling"
    return "repetition" if _repeats(words, rules) else None


def _wrong_relation(words: list[str], title: str, rules: DraftRules, told: Sequence[str]) -> str | None:
    # "Bananas for a banana": what the item is good for must be something else than the item.
    if words and any(_same_word(words[-1], word) for word in _WORD.findall(title.lower())):
        return "tautology"
    known = [_runs(_WORD.findall(text.lower()), rules.echo_words) for text in told]
    return "echo" if _runs(words, rules.echo_words) & set().union(*known) else None


def _same_word(one: str, other: str) -> bool:
    """Say whether two words are alike up to their last letters, as singular and plural are."""
    alike = min(len(one), len(other)) - 1
    return alike >= 3 and abs(len(one) - len(other)) <= 2 and one[:alike] == other[:alike]


def _repeats(words: list[str], rules: DraftRules) -> bool:
    times = Counter(word for word in words if len(word) >= rules.repeated_word_letters)
    follows_itself = any(one == other for one, other in pairwise(words))
    return follows_itself or any(count > rules.repeated_word_times for count in times.values())


def _runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def wrong_length(text: str, rules: DraftRules) -> str | None:
    """Return the reason code of a text, its slots filled, that is too short or too long; None for any other."""
    shortest, longest = rules.text_length
    if len(text) < shortest:
        return "too_short"
    return "too_long" if len(text) > longest else None
