"""A lexicon of one language: the phrases that make claims, in every form in which a text may write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from overture.core.words import Token, inflected, tokens_of

BETWEEN = "*"
FIXED = "="
"""Marks in a phrase: up to a few other words in between; a word that is not inflected."""


@dataclass(frozen=True)
class Meaning:
    """What a phrase says: a claim's name and kind, both empty for a harmless phrase; and of how many words it is."""

    name: str
    kind: str
    words: int


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What `config/lexicons/<language>.toml` says, laid out for looking up.

    joined: letters of a phrase without spaces -> meanings. spread: first word -> the forms of every word of a phrase
    that may have others in between. token: a regular expression of one word; of one character where `is_spaced` is
    false, for there no spaces part words. variants: characters, by code point, that are read as others, such as
    traditional ones. negations: words that deny what follows within `negation_reach` words.
    """

    token: str
    joined: Mapping[str, tuple[Meaning, ...]]
    spread: Mapping[str, tuple[tuple[tuple[frozenset[str], ...], Meaning], ...]]
    negations: frozenset[str]
    negation_reach: int
    most_between: int
    least_split_letters: int
    words_of_one_letter: frozenset[str]
    longest_words: int
    longest_letters: int
    is_spaced: bool = True
    variants: Mapping[int, str] = field(default_factory=dict)

    def may_be_split(self, meaning: Meaning, words: Sequence[str]) -> bool:
        """Say whether these words may be a phrase of `meaning` written with other spaces.

        A short word is not read out of two ("be st"), unless a part of it is a single letter that is no word ("f ree").
        """
        if len(words) <= meaning.words:
            return True
        odd_letter = any(len(word) == 1 and word not in self.words_of_one_letter for word in words)
        return odd_letter or sum(map(len, words)) >= self.least_split_letters

    def words_of(self, text: str) -> list[Token]:
        """Return the words of a text as phrases are compared with them."""
        return tokens_of(text.translate(self.variants) if self.variants else text, self.token)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Lexicon":
        """Return the lexicon of a file of `config/lexicons/`."""
        rules = config["words"]
        joined: dict[str, tuple[Meaning, ...]] = {}
        spread: dict[str, tuple[tuple[tuple[frozenset[str], ...], Meaning], ...]] = {}
        harmless = {"name": "", "kind": "", "says": config["harmless"]}
        for entry in [harmless, *config["claims"]]:
            for phrase in entry["says"]:
                parts = _forms(phrase, rules)
                meaning = Meaning(entry["name"], entry["kind"], len(parts))
                if BETWEEN in phrase.split():
                    for word in parts[0]:
                        spread[word] = (*spread.get(word, ()), (parts, meaning))
                    continue
                for spelling in {"".join(words) for words in product(*parts)}:
                    joined[spelling] = (*joined.get(spelling, ()), meaning)
        return cls(
            token=rules["token"],
            joined=joined,
            spread=spread,
            negations=frozenset(rules["negations"]),
            negation_reach=rules["negation_reach"],
            most_between=rules["most_between"],
            least_split_letters=rules["least_split_letters"],
            words_of_one_letter=frozenset(rules["words_of_one_letter"]),
            longest_words=rules["longest_words"],
            longest_letters=max(map(len, joined), default=0),
            is_spaced=rules["is_spaced"],
            variants=str.maketrans(dict(rules.get("variants", {}))),
        )


def _forms(phrase: str, rules: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    words = [word for word in phrase.split() if word != BETWEEN]
    unchanged = set(rules["never_inflected"])
    return tuple(
        frozenset({word.removesuffix(FIXED)})
        if word.endswith(FIXED) or word in unchanged
        else inflected(word, rules["endings"])
        for word in words
    )
