"""Names in a text: whether it names another item or brand than the one that it is about."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from overture.core.words import tokens_of

# A character of Chinese is a word here: no spaces tell where a name begins.
_LETTERS = r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W\d_\u3400-\u4dbf\u4e00-\u9fff]+"
_UNSPACED = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, eq=False)
class Names:
    """Names that a text may not say unless they are the item's own: runs of words, and the longest run's length."""

    runs: frozenset[tuple[str, ...]] = frozenset()
    longest: int = 0

    @classmethod
    def of_catalogue(cls, titles: Iterable[str], brands: Iterable[str], config: Mapping[str, Any]) -> "Names":
        """Return the names of a shop's items: titles of several words, and brands that are no kind of brand."""
        long_titles = {run for run in map(words_of, titles) if _is_long(run, config)}
        named = {words_of(brand) for brand in brands} - {words_of(word) for word in config["not_brands"]}
        runs = {run for run in long_titles | named if run}
        return cls(frozenset(runs), max(map(len, runs), default=0))


NO_NAMES = Names()


def _is_long(run: tuple[str, ...], config: Mapping[str, Any]) -> bool:
    least = "least_title_characters" if all(map(_UNSPACED.match, run)) else "least_title_words"
    return len(run) >= int(config[least])


def words_of(text: str) -> tuple[str, ...]:
    """Return a text's words as they are compared: folded, in the singular as far as a last s tells.

    >>> words_of("POTATO CHIPS (12 OZ)")
    ('potato', 'chip', 'oz')
    """
    words = [token.word for token in tokens_of(text, _LETTERS) if not any(c.isdigit() for c in token.word)]
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )


def names_other(own_words: str, names: Names, own_names: Collection[str]) -> bool:
    """Say whether a writer's words hold a name that is not one of the item's own (title, brand, category)."""
    said = words_of(own_words)
    own = {word for name in own_names for word in words_of(name)}
    for first in range(len(said)):
        for last in range(first + 1, min(first + names.longest, len(said)) + 1):
            run = said[first:last]
            if run in names.runs and not own.issuperset(run):
                return True
    return False
