"""Words of a text with where they stand, as they read when case, marks and tricks of spelling are taken away."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

_RUN = re.compile(r"[^\W_]+(?:['\u2019`\u00b4][^\W_]+)*(?:[@$!][^\W_]+)*")
_FIGURES = str.maketrans("013457@$!", "oieastasi")


@dataclass(frozen=True)
class Token:
    """A word as it is compared, and the place in the text that it was read from."""

    word: str
    start: int
    end: int


def tokens_of(text: str, pattern: str) -> list[Token]:
    """Return the words of a text in order; hyphens divide them, apostrophes do not.

    pattern: a regular expression of one word in the lexicon's language; a run that is none, such as "24", is left as
    it is, so that nothing is read across it.

    >>> [token.word for token in tokens_of("Gluten-Free, the chef's 0rganic caf\u00e9", "[a-z]+")]
    ['gluten', 'free', 'the', 'chefs', 'organic', 'cafe']
    """
    found = []
    for run in _RUN.finditer(text):
        plain = _plain(run.group())
        parts = list(_compiled(pattern).finditer(plain))
        if len(parts) == 1 and parts[0].group() == plain:
            found.append(Token(plain, run.start(), run.end()))
        elif len(plain) == len(run.group()) and parts:
            found += [Token(part.group(), run.start() + part.start(), run.start() + part.end()) for part in parts]
        else:
            # Where folding changed the length, a part's own place is lost: it stands for the whole run.
            words = [part.group() for part in parts] or [plain]
            found += [Token(word, run.start(), run.end()) for word in words]
    return found


def inflected(word: str, endings: Iterable[str]) -> frozenset[str]:
    """Return a word with each ending, as English spells it: y to i, a last e dropped, a last letter doubled.

    Some forms are no words; nobody writes those.

    >>> sorted(inflected("cheap", ["s", "er"])), sorted(inflected("tasty", ["er"])), sorted(inflected("cure", ["ed"]))
    (['cheap', 'cheaper', 'cheaps'], ['tastier', 'tasty', 'tastyer'], ['cure', 'cured', 'cureed'])
    """
    forms = {word}
    for ending in endings:
        forms.add(word + ending)
        if word.endswith("y"):
            forms.add(word[:-1] + "i" + ending)
        if word.endswith("e"):
            forms.add(word[:-1] + ending)
        if re.search(r"[^aeiou][aeiou][bdgklmnprt]$", word) and ending[0] in "aei":
            forms.add(word + word[-1] + ending)
    return frozenset(forms)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word).casefold()
    letters = "".join(c for c in folded if not unicodedata.combining(c) and c not in "'\u2019`\u00b4")
    return letters if letters.isdigit() else letters.translate(_FIGURES)
