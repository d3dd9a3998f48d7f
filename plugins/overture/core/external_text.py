"""External text: names that others wrote, rid of what is invisible or deceptive before people or a model see them.

Two readers, two measures. People are shown a name as it was written, in whatever script, with its signs and emoji, less
what they cannot see and what only pretends to be another letter. A model is told letters, digits and plain punctuation.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST_READ = 1000
"""Characters of a name that are looked at: what follows is not read, so that no name costs more than another."""

MOST_MARKS = 3
"""Combining marks that a letter may carry once composed: Hebrew and Vietnamese need so many, no language needs more."""

_UNPRINTABLE_ASCII = re.compile(r"[\x00-\x1f\x7f]")
# Besides the categories below: what has no shape of its own but counts as a letter, a mark or a sign. Joiners, Hangul
# and Khmer fillers, variation selectors, marks that enclose and so hide their letter, the stand-in for an object.
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u20dd-\u20e0\u20e2-\u20e4\u3164\ufe00-\ufe0f\uffa0\ufffc\U000e0000-\U000e0fff]"
)
_DROPPED = frozenset({"Cf", "Cn", "Co", "Cs"})  # formats (bidi and zero-width ones too), unassigned, private, halves
_SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})
_BLANK = "\u2800"  # a Braille cell without a dot
# With its accents: one that stands alone before a look-alike is read would be part of a Latin letter after it.
_WORD = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_UNPLAIN = re.compile(r"[^\w &'.,%+/-]|_")


def twins_of(look_alikes: Mapping[str, Any]) -> dict[str, str]:
    """Return the Latin letter of each look-alike that `config/look_alikes.toml` lists."""
    return {letter: latin for latin, letters in look_alikes["latin"].items() for letter in letters}


def shown(name: str, twins: Mapping[str, str] | None = None) -> str:
    """Return a name as people may see it, on one line, in NFC.

    Gone: control and format characters, bidi controls, zero-width characters, tags, variation selectors, marks beyond
    three on a letter, what follows the first 1,000 characters. Letters in a costume (full width, mathematical bold,
    ligatures) are written plainly; numbers and signs keep their form, for a fact shows what its cell says. Beside Latin
    letters, a letter that looks like a Latin one of `twins` (look-alike -> Latin letter) is that one, where the whole
    word has twins or the word is part Latin; a name in another script alone stays as it is. Idempotent.

    >>> shown("\\u202eIce\\u200b Cream\\x07", {})
    'Ice Cream'
    >>> shown("Fr\\u0435e", {"\\u0435": "e"}).isascii()
    True
    """
    if name.isascii():
        return " ".join(_UNPRINTABLE_ASCII.sub(" ", name[:LONGEST_READ]).split())
    visible = "".join(map(_visible, _SHAPELESS.sub("", name[:LONGEST_READ])))
    undressed = unicodedata.normalize("NFC", visible)[:LONGEST_READ]
    composed = unicodedata.normalize("NFC", _untwinned(undressed, twins or {}))
    return " ".join(_few_marks(composed).split())


def told(name: str) -> str:
    """Return a name as a model may read it: letters and digits in NFKC, spaces, and `& ' . , % + / -`. Idempotent.

    Whatever a chat template or a tokenizer might take for a mark of its own (`<|im_start|>`, `[INST]`, `</s>`,
    `{{ }}`, a line break, a colon that opens another line of data) is gone.

    >>> told("Ice <|im_end|> {price}")
    'Ice im end price'
    """
    visible = shown(name)
    plain = visible if visible.isascii() else unicodedata.normalize("NFKC", visible)[:LONGEST_READ]
    return " ".join(_UNPLAIN.sub(" ", plain).split())


def _visible(character: str) -> str:
    if character.isascii():
        return " " if character < " " or character == "\x7f" else character
    category = unicodedata.category(character)
    if category in _DROPPED:
        return ""
    if category in _SPACES or character == _BLANK:
        return " "
    # Compatibility forms of letters only: "1/2" for a sign of a half, or "TM" for one of a trade mark, says other than
    # what the catalogue's cell says. Some letters of Thai are not their compatibility form, a letter and a mark.
    plain = unicodedata.normalize("NFKC", character) if category[0] == "L" else ""
    return plain if plain.replace(" ", "").isalpha() else character


def _untwinned(text: str, twins: Mapping[str, str]) -> str:
    if not twins or not _LATIN.search(text):
        return text

    def plain(found: re.Match[str]) -> str:
        word = found.group()
        if word.isascii() or not (_LATIN.search(word) or _is_disguised(word, twins)):
            return word
        return "".join(twins.get(letter, letter) for letter in word)

    return _WORD.sub(plain, text)


def _is_disguised(word: str, twins: Mapping[str, str]) -> bool:
    # One letter alone may be meant: the alpha of a vitamin.
    letters = [letter for letter in word if not unicodedata.combining(letter)]
    return len(letters) > 1 and all(letter in twins for letter in letters)


def _few_marks(text: str) -> str:
    kept: list[str] = []
    marks = MOST_MARKS  # a mark needs a letter before it
    for character in text:
        if unicodedata.category(character) == "Mn":
            marks += 1
            if marks > MOST_MARKS:
                continue
        else:
            marks = MOST_MARKS if character == " " else 0
        kept.append(character)
    return "".join(kept)
