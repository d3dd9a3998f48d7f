from datetime import date
from typing import Any

import pytest

from overture.adapters.warehouse.contracts import contract_of
from overture.configuration import load_config
from overture.core.lexicon import Lexicon
from overture.core.soft_claims import Proofs, SoftClaim, proven, soft_claims_in
from overture.message_plans import prompt_of

DAY = date(2017, 11, 28)
CONFIG = load_config("lexicons/en")
LEXICON = Lexicon.from_config(CONFIG)
PROOFS = Proofs.from_config(CONFIG)


def names(text: str) -> list[str]:
    return [claim.name for claim in soft_claims_in(text, LEXICON)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a bowl of organic greens", ["organic"]),
        ("Organics for lunch", ["organic"]),
        ("an ORGANIC lunch", ["organic"]),
        ("organically grown", ["organic"]),
        ("an org anic lunch", ["organic"]),
        ("o r g a n i c lunch", ["organic"]),
        ("an org\u200banic lunch", ["organic"]),
        ("an 0rg4nic lunch", ["organic"]),
        ("an \uff4f\uff52\uff47\uff41\uff4e\uff49\uff43 lunch", ["organic"]),
        ("an \u00f3rganic lunch", ["organic"]),
        ("gluten-free bread", ["gluten-free"]),
        ("glutenfree bread", ["gluten-free"]),
        ("bread free of gluten", ["gluten-free"]),
        ("bread without any trace of gluten", ["gluten-free"]),
        ("the world's best-selling soup", ["best-selling"]),
        ("our bestsellers", ["best-selling"]),
        ("a chef's award-winning soup", ["award"]),
        ("it lowers your high blood pressure", ["health"]),
        ("cheaper than ever", ["price", "superlative"]),
        ("the cheapest tea", ["price"]),
        ("the best tea and the best mug", ["superlative", "superlative"]),
        ("a tea that heals", ["health"]),
        ("no added sugar", ["less-sugar"]),
    ],
)
def test_a_claim_is_found_however_it_is_written(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "...", "a long walk", "feel free to sit", "your best friend", "a new year", "fresh air",
        "the newspaper", "a light lunch", "be stern", "for ganache", "the bestiary", "a freehold", "a curious cat",
        "an italian sausage",
    ],
)  # fmt: skip
def test_ordinary_words_are_no_claim(text: str) -> None:
    assert names(text) == []


def test_nothing_is_read_across_a_slot_and_a_slot_s_name_is_no_word() -> None:
    assert names("gluten {title} free-range walk in org{title}anic") == ["pure"]
    assert names("{best} {organic}") == []


def test_a_harmless_phrase_does_not_cover_another_claim() -> None:
    assert names("your best friend says it is the best") == ["superlative"]


def test_a_longer_phrase_is_one_claim() -> None:
    assert [claim.words for claim in soft_claims_in("the most popular soup", LEXICON)] == ["most popular"]
    assert [claim.words for claim in soft_claims_in("its best-selling soup", LEXICON)] == ["best-selling"]


def test_the_words_of_a_claim_stand_in_the_text_as_they_are_told() -> None:
    text = "An  Org-Anic soup, free  of gluten!"
    assert all(claim.words in text for claim in soft_claims_in(text, LEXICON))


CELLS: dict[str, Any] = {
    "title": "ORGANIC CARROTS, SUGAR FREE", "department": "PRODUCE", "category": "FRESH CUT", "brand": "Best",
    "buyers_28d": 25, "category_rank": 3, "first_valid_on": date(2017, 11, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "cells", "column"),
    [
        ("organic", {}, "title"),
        ("organic", {"title": "CARROTS", "brand": "Simply Organic"}, "brand"),
        ("organic", {"title": "CARROTS"}, None),
        ("organic", {"title": "NON-ORGANIC CARROTS"}, None),
        ("organic", {"title": "CARROTS NOT ORGANIC"}, None),
        ("organic", {"title": "INORGANICALLY"}, None),
        ("organic", {"title": None}, None),
        ("not organic", {}, None),
        ("hardly organic", {}, None),
        ("sugar-free", {}, "title"),
        ("fresh", {}, "category"),
        ("italian", {"title": "ITALIAN WINES"}, "title"),
        ("italian", {"title": "FRENCH WINES"}, None),
        ("vegan", {"title": "MEATLESS BALLS"}, None),
        ("vegetarian", {"title": "MEATLESS BALLS"}, "title"),
        ("popular", {}, "category_rank"),
        ("popular", {"category_rank": 4}, None),
        ("popular", {"category_rank": None}, None),
        ("popular", {"buyers_28d": 19}, None),
        ("most popular", {}, None),
        ("most popular", {"category_rank": 1}, "category_rank"),
        ("new", {}, "first_valid_on"),
        ("new", {"first_valid_on": date(2017, 10, 31)}, "first_valid_on"),
        ("new", {"first_valid_on": date(2017, 10, 30)}, None),
        ("new", {"first_valid_on": date(2017, 11, 29)}, None),
        ("new", {"first_valid_on": None}, None),
        ("best", {"title": "THE BEST CARROTS"}, None),
        ("healthy", {"title": "HEALTHY CARROTS"}, None),
        ("cheap", {"title": "CHEAP CARROTS"}, None),
        ("guaranteed", {"title": "GUARANTEED"}, None),
    ],
)
def test_a_claim_needs_a_cell_that_says_so(text: str, cells: dict[str, Any], column: str | None) -> None:
    found = proven(soft_claims_in(text, LEXICON), PROOFS, CELLS | cells, DAY)
    assert (found and next(iter(found.values()))[1]) == column


def test_one_unproven_claim_spoils_a_text_and_a_text_without_claims_needs_no_proof() -> None:
    assert proven(soft_claims_in("an organic and healthy lunch", LEXICON), PROOFS, CELLS, DAY) is None
    assert proven(soft_claims_in("a lunch", LEXICON), PROOFS, {}, DAY) == {}


def test_a_claim_made_twice_is_one_row_with_its_first_words() -> None:
    found = proven(soft_claims_in("Organic soup, organic bread", LEXICON), PROOFS, CELLS, DAY)
    assert found == {"claim:organic": ("Organic", "title")}


def test_a_claim_that_the_lexicon_does_not_know_has_no_proof() -> None:
    assert PROOFS.cell_of(SoftClaim("magnetic", "", "magnetic"), CELLS, DAY) is None


CHINESE: dict[str, Any] = {
    "harmless": ["新年"],
    "words": {
        "token": "[\u4e00-\u9fff]", "is_spaced": False, "endings": [], "never_inflected": [], "negations": ["不", "非"],
        "negation_reach": 2, "most_between": 3, "least_split_letters": 1, "words_of_one_letter": [], "longest_words": 8,
        "cell_denials": ["非"],
    },
    "claims": [
        {
            "name": "organic", "kind": "dietary", "says": ["有机"],
            "proofs": [{"columns": ["title"], "contains": ["有机"]}],
        },
        {"name": "new", "kind": "newness", "says": ["新"]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "title", "column"),
    [
        ("来一份有机胡萝卜", "精选有机胡萝卜", "title"),
        ("来一份有机胡萝卜", "非有机胡萝卜", None),
        ("来一份有机胡萝卜", "胡萝卜", None),
        ("来一份非有机胡萝卜", "有机胡萝卜", None),
        ("来一份新胡萝卜", "新胡萝卜", None),
        ("新年快乐", "胡萝卜", "nothing claimed"),
    ],
)
def test_a_language_without_spaces_needs_a_lexicon_and_no_code(text: str, title: str, column: str | None) -> None:
    found = proven(
        soft_claims_in(text, Lexicon.from_config(CHINESE)), Proofs.from_config(CHINESE), {"title": title}, DAY
    )
    assert (found if not found else next(iter(found.values()))[1]) == ({} if column == "nothing claimed" else column)


def test_no_fixed_wording_of_prompt_or_template_makes_a_claim() -> None:
    for prompt in (prompt_of("prompt"), prompt_of("template")):
        closings = [wording for _, wordings in prompt.closings for wording in wordings]
        for text in (*prompt.openings, *closings, *(reply for _, reply in prompt.examples)):
            assert names(text) == [], text


def test_every_claim_has_a_name_of_its_own_a_kind_and_phrases_that_it_is_found_by() -> None:
    claims = CONFIG["claims"]
    assert len({claim["name"] for claim in claims}) == len(claims)
    missed = [
        (claim["name"], phrase)
        for claim in claims
        for phrase in claim["says"]
        if claim["kind"] not in {c.kind for c in soft_claims_in(phrase.replace("=", "").replace("*", "very"), LEXICON)}
    ]
    assert missed == []


def test_every_proof_names_columns_of_the_published_facts() -> None:
    known = {column.name for column in contract_of("marts.item_facts").columns}
    used = {evidence.column for proofs in PROOFS.by_claim.values() for proof in proofs for evidence in proof}
    assert used
    assert used <= known
