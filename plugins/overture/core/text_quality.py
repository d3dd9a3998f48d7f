"""How a text is written: its length, sentences, ease of reading, repetitions and leftover markup."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SLOT = re.compile(r"\{[a-z_]+\}")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|[\u3002\uff01\uff1f]+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_MARKUP = re.compile(
    r"</?[a-z][^>]*>"  # tags
    r"|&(?:[a-z]+|#\d+);"  # entities
    r"|<\||\|>|\[/?INST\]|</?s>"  # marks of chat templates
    r"|\*\*|__|~~|```|^#+ |^\s*[-*] |\]\("  # markdown
    r"|\{\{|\}\}|\{%|%\}|\$\{"  # templates
    r"|\\[nrtu]|%[0-9a-f]{2}",  # escapes
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class WritingRules:
    """What `config/text_checks.toml` asks of a channel's texts; ranges include both ends.

    least_reading_ease: of English; None where there is no such measure. word: a regular expression of what counts as a
    word in runs that come twice.
    """

    length: tuple[int, int]
    sentences: tuple[int, int]
    least_reading_ease: float | None
    repeated_run_words: int
    word: str = _WORD.pattern

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], channel: str, own: Mapping[str, Any] | None = None
    ) -> "WritingRules":
        """Return the rules of one channel; raise KeyError for a channel that there is none of.

        own: the language's lexicon, whose `channels`, `writing` and `drafts` count before those of all languages.
        """
        own = own or {}
        stated = own.get("channels", config["channels"])[channel]
        writing = own.get("writing", config["writing"])
        return cls(
            length=(stated["length"][0], stated["length"][1]),
            sentences=(stated["sentences"][0], stated["sentences"][1]),
            least_reading_ease=writing.get("least_reading_ease"),
            repeated_run_words=writing["repeated_run_words"],
            word=own.get("drafts", {}).get("word", _WORD.pattern),
        )


def wrong_writing(reply: str, rules: WritingRules) -> str | None:
    """Return the reason code of a reply, its slots open, that is badly written; None for any other."""
    written = _SLOT.sub("it", reply)
    if _MARKUP.search(written):
        return "markup"
    shortest, longest = rules.sentences
    if not shortest <= len(_SENTENCE_END.findall(written)) <= longest:
        return "sentences"
    words = re.findall(rules.word, written.lower())
    if _comes_twice(words, rules.repeated_run_words):
        return "repetition"
    least = rules.least_reading_ease
    return "hard_to_read" if least is not None and reading_ease(written) < least else None


def wrong_length(text: str, rules: WritingRules) -> str | None:
    """Return the reason code of a text, its slots filled, that is too short or too long; None for any other."""
    shortest, longest = rules.length
    if len(text) < shortest:
        return "too_short"
    return "too_long" if len(text) > longest else None


def reading_ease(text: str) -> float:
    """Return Flesch's reading ease of English text; 100 for a text without words.

    >>> round(reading_ease("The cat sat on the mat.")), round(reading_ease("Indefatigable deliberations materialize."))
    (116, -219)
    """
    words = _WORD.findall(text)
    if not words:
        return 100.0
    sentences = max(1, len(_SENTENCE_END.findall(text)))
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * sum(map(syllables, words)) / len(words)


def syllables(word: str) -> int:
    """Return how many groups of vowels a word has, a silent last e left out; one at least.

    >>> syllables("cake"), syllables("table"), syllables("banana"), syllables("hm")
    (1, 2, 3, 1)
    """
    lower = word.lower()
    groups = len(_VOWELS.findall(lower))
    if lower.endswith("e") and not lower.endswith(("le", "ee")):
        groups -= 1
    return max(1, groups)


def _comes_twice(words: Sequence[str], length: int) -> bool:
    runs = [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]
    return len(set(runs)) < len(runs)
