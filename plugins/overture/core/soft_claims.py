"""Soft claims: what a text says of an item in words alone (organic, best-selling, new), and the cell that proves it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any

from overture.core.lexicon import Lexicon, Meaning
from overture.core.words import Token

SLOT_PREFIX = "claim:"
"""How the ledger tells a claim in words from a filled slot: `claim:organic` beside `price`."""

_SLOT = re.compile(r"\{[a-z_]+\}")
_CELL_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class SoftClaim:
    """A claim as it stands in a text. is_negated: the text denies it, which no cell proves."""

    name: str
    kind: str
    words: str
    is_negated: bool = False


@dataclass(frozen=True)
class CellReading:
    """How a language reads a cell: words before a phrase that turn it around ("non organic"), and whether spaces stand
    between its words; where none do, a phrase may stand anywhere, one in Latin letters still as whole words.
    """

    denials: tuple[str, ...] = ()
    is_spaced: bool = True

    def says(self, cell: str, phrases: Sequence[str]) -> bool:
        """Say whether one of the phrases stands in the cell, as whole words, and is not denied there."""
        words = cell_words(cell)
        gaps = {phrase: " " if self.is_spaced or phrase.isascii() else "" for phrase in phrases}
        for denial in self.denials:
            for phrase, gap in gaps.items():
                words = words.replace(f"{gap}{denial}{gap}{phrase}{gap}", " ")
        return any(f"{gap}{phrase}{gap}" in words for phrase, gap in gaps.items())


@dataclass(frozen=True)
class Evidence:
    """What one cell has to say: the words of the text, one of some phrases, or a number or day within a bound.

    within_days: the cell is a day, the data day or so many days before it at most.
    """

    column: str
    same_words: bool = False
    contains: tuple[str, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    within_days: int | None = None

    def holds(self, words: str, cells: Mapping[str, object], day: date, reading: CellReading) -> bool:
        """Say whether the cell proves these words on the day; an empty cell says nothing."""
        cell = cells.get(self.column)
        if cell is None:
            return False
        if self.same_words or self.contains:
            phrases = [cell_words(words).strip()] if self.same_words else self.contains
            return reading.says(str(cell), phrases)
        if self.within_days is not None:
            return isinstance(cell, date) and timedelta(0) <= day - cell <= timedelta(days=self.within_days)
        number = float(str(cell))
        return (self.at_most is None or number <= self.at_most) and (self.at_least is None or number >= self.at_least)


Proof = tuple[Evidence, ...]
"""Cells that have to say so together; the first one is named in the ledger."""


@dataclass(frozen=True)
class Proofs:
    """What proves each claim of a lexicon, by its name; any one of its proofs suffices, without one it is banned."""

    by_claim: Mapping[str, tuple[Proof, ...]]
    reading: CellReading = field(default_factory=CellReading)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Proofs":
        """Return the proofs of a lexicon file."""
        found = {
            claim["name"]: tuple(proof for stated in claim.get("proofs", ()) for proof in _proofs(stated))
            for claim in config["claims"]
        }
        words = config["words"]
        return cls(found, CellReading(tuple(words["cell_denials"]), words["is_spaced"]))

    def cell_of(self, claim: SoftClaim, cells: Mapping[str, object], day: date) -> str | None:
        """Return the column whose cell proves the claim; None where no cell does."""
        found = self._columns(claim, cells, day)
        return found[0] if found else None

    def is_proven_by(self, claim: SoftClaim, column: str, cells: Mapping[str, object], day: date) -> bool:
        """Say whether this column's cell proves the claim, together with those that have to beside it."""
        return column in self._columns(claim, cells, day)

    def _columns(self, claim: SoftClaim, cells: Mapping[str, object], day: date) -> list[str]:
        proofs = () if claim.is_negated else self.by_claim.get(claim.name, ())
        return [
            proof[0].column
            for proof in proofs
            if all(evidence.holds(claim.words, cells, day, self.reading) for evidence in proof)
        ]


@lru_cache(maxsize=1 << 16)
def soft_claims_in(text: str, lexicon: Lexicon) -> tuple[SoftClaim, ...]:
    """Return the soft claims of a text in order of appearance, those that lie within another left out.

    Slots are no words of it, and nothing is read across one. Case, hyphens, apostrophes, letters with marks, figures
    for letters and spaces within a word do not hide a claim.
    """
    return tuple(claim for piece in _SLOT.split(text) for claim in _claims_of(piece, lexicon))


def proven(
    claims: Iterable[SoftClaim], proofs: Proofs, cells: Mapping[str, object], day: date
) -> dict[str, tuple[str, str]] | None:
    """Return each claim's words and the column whose cell proves it, by ledger slot; None where one is unproven.

    A claim that a text makes twice is one row, with the words that come first.
    """
    found: dict[str, tuple[str, str]] = {}
    for claim in claims:
        column = proofs.cell_of(claim, cells, day)
        if column is None:
            return None
        found.setdefault(SLOT_PREFIX + claim.name, (claim.words, column))
    return found


def _claims_of(piece: str, lexicon: Lexicon) -> list[SoftClaim]:
    tokens = lexicon.words_of(piece)
    found = [*_joined(tokens, lexicon), *_spread(tokens, lexicon)]
    harmless = [(first, last) for first, last, meaning in found if not meaning.name]
    kept: list[tuple[int, int, Meaning]] = []
    for first, last, meaning in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
        spans = [*harmless, *((begin, end) for begin, end, _ in kept)]
        if meaning.name and not any(begin <= first and last <= end for begin, end in spans):
            kept.append((first, last, meaning))
    return [
        SoftClaim(
            name=meaning.name,
            kind=meaning.kind,
            words=piece[tokens[first].start : tokens[last].end],
            is_negated=_is_negated(tokens, first, lexicon),
        )
        for first, last, meaning in sorted(kept, key=lambda span: span[:2])
    ]


def _joined(tokens: Sequence[Token], lexicon: Lexicon) -> list[tuple[int, int, Meaning]]:
    """Find phrases whose letters follow each other, wherever the spaces between them stand."""
    found = []
    for first in range(len(tokens)):
        nearest = tokens[first : first + lexicon.longest_words]
        for length, joined in enumerate(accumulate(token.word for token in nearest)):
            if len(joined) > lexicon.longest_letters:
                break
            for meaning in lexicon.joined.get(joined, ()):
                if lexicon.may_be_split(meaning, [token.word for token in nearest[: length + 1]]):
                    found.append((first, first + length, meaning))  # noqa: PERF401 - four levels read better as loops
    return found


def _spread(tokens: Sequence[Token], lexicon: Lexicon) -> list[tuple[int, int, Meaning]]:
    """Find phrases that may have a few other words in between, such as "lowers your blood pressure"."""
    found = []
    for first, token in enumerate(tokens):
        for parts, meaning in lexicon.spread.get(token.word, ()):
            last = _last_of(tokens, first, parts, lexicon.most_between)
            if last is not None:
                found.append((first, last, meaning))
    return found


def _last_of(tokens: Sequence[Token], first: int, parts: Sequence[Collection[str]], most_between: int) -> int | None:
    """Return the place of the last part of a phrase that begins at `first`; None where a part is missing."""
    place = first
    for forms in parts[1:]:
        within = range(place + 1, min(place + most_between + 2, len(tokens)))
        found = next((at for at in within if tokens[at].word in forms), None)
        if found is None:
            return None
        place = found
    return place


def _is_negated(tokens: Sequence[Token], first: int, lexicon: Lexicon) -> bool:
    return any(token.word in lexicon.negations for token in tokens[max(0, first - lexicon.negation_reach) : first])


def _proofs(stated: Mapping[str, Any]) -> list[Proof]:
    """Return the proofs of one entry: one for each of its columns, with what else has to hold beside."""
    beside = tuple(evidence for other in stated.get("and", ()) for (evidence,) in _proofs(other))
    limits = {name: stated[name] for name in ("same_words", "at_most", "at_least", "within_days") if name in stated}
    phrases = tuple(stated.get("contains", ()))
    return [(Evidence(column, contains=phrases, **limits), *beside) for column in stated["columns"]]


def cell_words(cell: str) -> str:
    """Return a cell's text as its words, lower case, single spaces between and around them."""
    return f" {' '.join(_CELL_WORD.findall(cell.lower()))} "
