from datetime import date
from typing import Any

import pytest

from overture.adapters.warehouse.audits import LedgeredClaim, Opening, Wording
from overture.wordings import is_ledgered, is_proven, near_duplicate_openings

DAY = date(2017, 11, 28)
CELLS: dict[str, Any] = {"title": "ORGANIC CARROTS", "category": "CARROTS", "category_rank": 2, "buyers_28d": 40}


@pytest.mark.parametrize(
    ("text", "claims", "is_so"),
    [
        ("Have {it} for lunch.", (), True),
        ("Have {it} for an organic lunch.", ("claim:organic",), True),
        ("Have {it} for an organic lunch.", (), False),
        ("Have {it} for an organic, healthy lunch.", ("claim:organic",), False),
        ("Have {it}, which is not organic.", ("claim:organic",), False),
    ],
)
def test_a_wording_needs_a_row_for_each_claim_in_words(text: str, claims: tuple[str, ...], is_so: bool) -> None:
    assert is_ledgered(Wording(text, claims, 1, "user_id=1")) is is_so


@pytest.mark.parametrize(
    ("slot", "words", "column", "cells", "is_so"),
    [
        ("claim:organic", "organic", "title", {}, True),
        ("claim:organic", "organic", "category", {}, False),
        ("claim:organic", "organic", "title", {"title": "CARROTS"}, False),
        ("claim:organic", "organic", "title", {"title": None}, False),
        ("claim:organic", "popular", "title", {}, False),
        ("claim:best-selling", "popular", "category_rank", {}, True),
        ("claim:best-selling", "popular", "category_rank", {"category_rank": 4}, False),
        ("claim:best-selling", "popular", "buyers_28d", {}, False),
        ("claim:health", "healthy", "title", {"title": "HEALTHY CARROTS"}, False),
        ("claim:unheard", "unheard", "title", {}, False),
    ],
)
def test_a_row_needs_words_that_make_its_claim_and_a_cell_that_proves_it(
    slot: str, words: str, column: str, cells: dict[str, Any], is_so: bool
) -> None:
    assert is_proven(LedgeredClaim(slot, words, column, CELLS | cells, 1, "user_id=1"), DAY) is is_so


def test_one_draft_that_many_readers_share_is_no_duplicate_and_two_drafts_that_say_the_same_are() -> None:
    shared = Opening("How about {title} for a rainy morning?", 1, 500, "user_id=1")
    twice = Opening("For a bowl of soup at noon, think of {title}.", 2, 2, "user_id=2")
    assert near_duplicate_openings([shared]) == []
    assert near_duplicate_openings([shared, twice]) == [twice]
