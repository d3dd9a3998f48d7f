"""Titles: how a shop's names of items are written for people, and completed where a title names nothing by itself."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from overture.core.external_text import shown, twins_of

TITLE, CATEGORY = "title", "category"
"""The columns of `marts.item_facts` that a name may stem from."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SMALL_WORDS = frozenset({"a", "an", "and", "for", "in", "not", "of", "on", "or", "the", "to", "with"})
_ONLY_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{4,}")
_JOINED = re.compile(r"(?<=[^\W\d_]{3})&(?=[^\W\d_]{3})")
_NAMES_ITS_KIND = re.compile(r"(?<=[^\W\d_]):(?=\S)")
_WORDS_ALONE = re.compile(r"([^\W\d_]+) ([^\W\d_]+(?: [^\W\d_]+)*)")


@dataclass(frozen=True)
class TitleRules:
    """How titles are written for people; `config/titles.toml` says each in words.

    words: what an abbreviation (lower case) stands for; capitals in the replacement are kept.
    cut_length: titles of exactly this many characters were cut by the shop's system; their last word is dropped.
    longest: titles of more characters, in capitals or not, end at a word before it with an ellipsis.
    twins: the Latin letter that a letter of another script looks like.
    left_out: words (lower case) that tell a customer nothing. heads: words that stand first and are what the others
    tell of. nameless: words that name nothing by themselves. after: those of them that follow what completes them.
    readings: what a raw title reads as, gone through by people; shelves: the same of a category; completed: category
    -> raw title -> what both read as together. Raw is a cell as `external_text.shown` has it.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    cut_length: int | None = None
    longest: int = 1000
    twins: Mapping[str, str] = field(default_factory=dict)
    left_out: Collection[str] = ()
    heads: Collection[str] = ()
    nameless: Collection[str] = ()
    after: Collection[str] = ()
    readings: Mapping[str, str] = field(default_factory=dict)
    shelves: Mapping[str, str] = field(default_factory=dict)
    completed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_config(cls, titles: Mapping[str, Any], look_alikes: Mapping[str, Any], longest: int) -> "TitleRules":
        """Return the rules of `config/titles.toml`, with those of `config/look_alikes.toml`."""
        rules = titles["rules"]
        return cls(
            words=titles["words"],
            cut_length=rules.get("cut_length"),
            longest=longest,
            twins=twins_of(look_alikes),
            left_out=frozenset(rules["left_out"]),
            heads=frozenset(rules["heads"]),
            nameless=frozenset([*rules["nameless"], *rules["after"], *rules["left_out"]]),
            after=frozenset(rules["after"]),
            readings=titles["readings"],
            shelves=titles["shelves"],
            completed=titles["completed"],
        )


@dataclass(frozen=True)
class Name:
    """What an item is called, and the columns whose cells say so together."""

    text: str
    columns: tuple[str, ...]


def name_of(title: str | None, category: str | None, rules: TitleRules | None = None) -> Name | None:
    """Return what an item is called; None where neither cell names it.

    A title that names nothing by itself ("LEAN"), or of which nothing can be seen, is completed by the category.

    >>> name_of("LEAN", "BEEF", TitleRules(nameless={"lean"}))
    Name(text='Lean Beef', columns=('title', 'category'))
    """
    rules = rules or TitleRules()
    raw, shelf = shown(title or "", rules.twins), shown(category or "", rules.twins)
    reviewed = rules.completed.get(shelf, {}).get(raw)
    if reviewed:
        return Name(reviewed, (TITLE, CATEGORY))
    text = rules.readings.get(raw) or readable_title(raw, rules)
    if not names_nothing(text, rules):
        return Name(text, (TITLE,))
    completion = rules.shelves.get(shelf) or readable_title(shelf, rules)
    if names_nothing(completion, rules):
        return None
    said = [word for word in _words(text) if word not in rules.left_out and word not in _SMALL_WORDS]
    if not said and not (text and not _words(text)):
        return Name(completion, (CATEGORY,))
    parts = [completion, text] if said and said[-1] in rules.after else [text, completion]
    return Name(_cut(" ".join(parts), rules.longest), (TITLE, CATEGORY))


def nameless_of(cells: Iterable[tuple[str | None, str | None]], rules: TitleRules) -> list[tuple[str, str]]:
    """Return those pairs of title and category, "" for none, that name nothing; each once, in order."""
    pairs = {(title or "", category or "") for title, category in cells}
    return sorted(pair for pair in pairs if name_of(*pair, rules) is None)


def readable_title(raw: str, rules: TitleRules | None = None) -> str:
    """Return a shop's title as people write it; a title that has small letters already keeps its letters.

    What is invisible or deceptive is gone (`external_text.shown`). Nothing is taken out of a title of usual length but
    the words of `left_out`, where it has others: whatever it says is shown as it is.

    >>> readable_title("ICE - CRUSHED/CUBED")
    'Ice - Crushed/Cubed'
    """
    rules = rules or TitleRules()
    title = shown(raw, rules.twins)
    if title == title.upper() != title.lower():
        title = _without_cut_word(title) if len(title) == rules.cut_length else title
        title = _in_order(_without(title, rules.left_out), rules.heads)
        title = _NAMES_ITS_KIND.sub(": ", _JOINED.sub(" & ", title))
        title = _WORD.sub(lambda word: _calm(word, rules.words), title)
    return _cut(title, rules.longest)


def names_nothing(text: str, rules: TitleRules) -> bool:
    """Say whether no word of a text names a thing: none is there, or each is nameless or a run of consonants.

    >>> names_nothing("Premium", TitleRules(nameless={"premium"})), names_nothing("PLSTC", TitleRules())
    (True, True)
    """
    return all(
        word in rules.nameless or word in _SMALL_WORDS or (_is_shortened(word) and word not in rules.words)
        for word in _words(text)
    )


def hard_words(text: str) -> list[str]:
    """Return the words of a text that nobody can pronounce: abbreviations that were not written out."""
    return [word for word in _words(text) if _is_shortened(word)]


def _is_shortened(word: str) -> bool:
    # y is a vowel here. Three letters may be a name that is spoken by letters (BBQ).
    return bool(_ONLY_CONSONANTS.fullmatch(word))


def _words(text: str) -> list[str]:
    return [found.lower() for found in _WORD.findall(text)]


def _cut(title: str, longest: int) -> str:
    return title if len(title) <= longest else title[:longest].rsplit(" ", 1)[0][: longest - 1] + "…"


def _without_cut_word(title: str) -> str:
    kept = re.sub(r"[ /&(-]+[^ /&(-]*$", "", title)
    opened = kept.rfind("(")
    if opened > kept.rfind(")"):
        kept = kept[:opened]
    return kept.rstrip(" -/&:,") or title


def _without(title: str, left_out: Collection[str]) -> str:
    """Return a title without the words that are left out, and what stands in brackets with them; as it was where
    nothing else is in it. A bracket that the title's end has cut off goes too.
    """
    kept = re.sub(r"\([^()]*$", "", title)
    if kept == title and not any(word in left_out for word in _words(title)):
        return title
    kept = re.sub(
        r"\([^()]*\)", lambda found: "" if set(_words(found.group())) & set(left_out) else found.group(), kept
    )
    kept = _WORD.sub(lambda found: "" if found.group().lower() in left_out else found.group(), kept)
    kept = re.sub(r"([/&:,-])(?:\s*[/&:,-])+", r"\1", kept)
    kept = " ".join(kept.split()).strip(" -/&:,").lstrip(" -/&:,.")
    return kept if _words(kept) else title


def _in_order(title: str, heads: Collection[str]) -> str:
    """Return "APPLES GALA" as "GALA APPLES": a head stands last, where nothing but words follow it."""
    found = _WORDS_ALONE.fullmatch(title)
    if not found or found[1].lower() not in heads or _SMALL_WORDS & set(_words(found[2])):
        return title
    return f"{found[2]} {found[1]}"


def _calm(found: re.Match[str], words: Mapping[str, str]) -> str:
    word = found.group().lower()
    known = words.get(word)
    if known is not None:
        return known if known != known.lower() else known.title()
    follows_digit = found.start() > 0 and found.string[found.start() - 1].isdigit()
    if follows_digit or (found.start() > 0 and word in _SMALL_WORDS):
        return word
    return word[0].upper() + word[1:]
