"""What a copy model is taught: phrases that suit a kind of goods, in the prompt's openings, and which items it sees."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

_WORD = re.compile(r"[a-z]+")
_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Shelf:
    """A kind of goods. marks: sets of words, one of which an item's category or title has; phrases: what suits it."""

    marks: tuple[frozenset[str], ...]
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """One reply that is taught, and the conversation up to it. item: the key of the item that it is about."""

    item: str
    messages: tuple[tuple[str, str], ...]
    reply: str


def shelves_of(config: Mapping[str, Any]) -> tuple[Shelf, ...]:
    """Return the shelves of `config/copy_phrases.toml`; raise ValueError for one without words or phrases."""
    found = []
    for place, stated in enumerate(config.get("shelves", ())):
        phrases = tuple(each for pattern in stated.get("phrases", ()) for each in spelt_out(pattern))
        marks = tuple(frozenset(_words(mark)) for mark in stated.get("words", ()))
        if not phrases or not marks or not all(marks):
            raise ValueError(f"shelf {place + 1}; expected: words and phrases; got: {dict(stated)}")
        found.append(Shelf(marks, phrases))
    if not found:
        raise ValueError("shelves; expected: one or more; got: none")
    return tuple(found)


def spelt_out(pattern: str) -> list[str]:
    """Return every phrase of a pattern with `{one|other}` ways to go on.

    >>> spelt_out("a {hot|cold} {day|night}")
    ['a hot day', 'a hot night', 'a cold day', 'a cold night']
    """
    pieces = _CHOICE.split(pattern)
    ways = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return ["".join(way) for way in product(*ways)]


def shelf_of(shelves: Sequence[Shelf], category: str | None, title: str) -> Shelf | None:
    """Return the first shelf that the category has the words of, else the first that the title has; None for none.

    >>> bread = Shelf((frozenset({"bread"}),), ("a slice of toast",))
    >>> shelf_of([bread], "BAKED BREADS/BUNS", "RYE") is bread
    True
    """
    for text in (category or "", title):
        words = set(_words(text))
        found = next((shelf for shelf in shelves if any(mark <= words for mark in shelf.marks)), None)
        if found:
            return found
    return None


def item_key(title: str, category: str | None) -> str:
    """Return what two items share that the model cannot tell apart: their title and category."""
    return f"{' '.join(title.split()).lower()} | {' '.join((category or '').split()).lower()}"


def place_of(key: str, seed: int) -> float:
    """Return a number from 0 to below 1 that only the key and the seed decide: items in this order are a fair draw."""
    return int.from_bytes(hashlib.sha256(f"{seed} {key}".encode()).digest()[:8]) / 2**64


def is_held_out(key: str, seed: int, share: float) -> bool:
    """Say whether an item is kept for judging: of many items a `share`, the same ones whatever else is there."""
    return place_of(key, seed) < share


def drawn_from(likes: Sequence[str], key: str, seed: int) -> str | None:
    """Return the one of some likes that an item's key and the seed decide; None where there are none."""
    return likes[int(place_of(key, seed + 2) * len(likes))] if likes else None


def replies(openings: Sequence[str], phrases: Sequence[str], key: str, seed: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of opening and phrase for an item, each phrase once, in an order that its key and the seed decide."""
    random = Random(f"{seed} {key}")  # noqa: S311 - draws examples, guards nothing
    for phrase in random.sample(list(phrases), len(phrases)):
        yield random.choice(list(openings)), phrase


def mixed(written: Sequence[Example], past: Sequence[Example], most_past_share: float, seed: int) -> list[Example]:
    """Return both kinds in one order that the seed decides; of the past ones no more than their share of all.

    Raises ValueError for a share that is not from 0 to below 1.
    """
    if not 0 <= most_past_share < 1:
        raise ValueError(f"most_past_share; expected: 0 to below 1; got: {most_past_share}")
    random = Random(seed)  # noqa: S311
    most = int(len(written) * most_past_share / (1 - most_past_share))
    kept = random.sample(list(past), min(most, len(past)))
    return random.sample([*written, *kept], len(written) + len(kept))


def fingerprint_of(examples: Iterable[Example]) -> str:
    """Return a sha256 (hex) over the examples in their order."""
    digest = hashlib.sha256()
    for each in examples:
        digest.update(json.dumps([each.item, each.messages, each.reply], ensure_ascii=True).encode() + b"\n")
    return digest.hexdigest()


def _words(text: str) -> list[str]:
    return [_singular(word) for word in _WORD.findall(text.lower())]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
