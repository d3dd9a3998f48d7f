"""Finds a message's claims again in its text, so that each can be shown where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A stretch of a text. claim: the position of the claim that it states, in the order given; None for none."""

    text: str
    claim: int | None = None


def parts(text: str, claims: Sequence[str]) -> list[Part]:
    """Return `text` cut into parts that make it again when put together; each claim is marked where it first stands.

    claims: statements as they are rendered. Longer ones are sought first, so that a price within a name stays part of
    the name where it stands nowhere else; one that is not found, or only within another, has no part.

    >>> [(part.text, part.claim) for part in parts("Soup 1 for $1", ["$1", "Soup 1", "1"])]
    [('Soup 1', 1), (' for ', None), ('$1', 0)]
    """
    taken: list[tuple[int, int, int]] = []
    for claim in sorted(range(len(claims)), key=lambda position: (-len(claims[position]), position)):
        start = _free(text, claims[claim], taken)
        if start is not None:
            taken.append((start, start + len(claims[claim]), claim))
    found: list[Part] = []
    end = 0
    for start, stop, claim in sorted(taken):
        found += [Part(text[end:start])] if start > end else []
        found.append(Part(text[start:stop], claim))
        end = stop
    return found + ([Part(text[end:])] if end < len(text) else [])


def _free(text: str, claim: str, taken: Sequence[tuple[int, int, int]]) -> int | None:
    start = text.find(claim) if claim else -1
    while start >= 0:
        if all(start >= stop or start + len(claim) <= begin for begin, stop, _ in taken):
            return start
        start = text.find(claim, start + 1)
    return None
