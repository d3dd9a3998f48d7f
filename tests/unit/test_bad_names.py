"""Items whose names are missing, endless or made of nothing readable: each gets a message that can be read, or none."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from overture.adapters.model_store import Model
from overture.composing import compose
from overture.core.claims import Recipient
from overture.message_plans import plan_message

DAY = date(2017, 11, 28)
MODEL = Model("paper", "paper", "f" * 64)
ICE = Recipient(
    "u1", "ice", "ICE", "GROCERY", "FRZN ICE", "National", "22 LB", Decimal("2.49"), "USD", "chips", "POTATO CHIPS",
    True, "als_with_ease",
)  # fmt: skip
BARE = replace(
    ICE, department=None, category=None, brand=None, size=None, price=None, reason_item_id=None, reason_title=None
)


def text_of(recipient: Recipient) -> str:
    """The message without any draft."""
    return str(compose(plan_message(recipient, DAY, MODEL), {}, DAY)[0]["text"])


def told_of(recipient: Recipient) -> str:
    return plan_message(recipient, DAY, MODEL).requests[0].messages[-1][1]


def test_an_item_of_which_only_the_title_is_known_gets_a_message_that_states_nothing_else() -> None:
    assert text_of(BARE) == "We picked Ice for you."
    assert told_of(BARE) == "Item: Ice"


@pytest.mark.parametrize("nothing", ["", "  ", "\u200b", "\u3164\u2800", "\U000e0041\U000e0042", None])
def test_an_empty_category_or_brand_leaves_no_empty_line_in_the_prompt(nothing: str | None) -> None:
    assert told_of(replace(ICE, category=nothing, brand=nothing)) == "Item: Ice"


@pytest.mark.parametrize("invisible", ["\u200b\u200d", "\u202e\u2066", "\u3164", "\U000e0041" * 10_000, "\x00\x1b"])
def test_an_item_of_whose_title_nothing_can_be_seen_is_called_by_its_category_and_the_claim_says_so(
    invisible: str,
) -> None:
    plan = plan_message(replace(ICE, title=invisible), DAY, MODEL)
    assert (plan.facts["title"].rendered, plan.facts["title"].source_column) == ("Frozen Ice", "category")
    assert text_of(replace(ICE, title=invisible)).startswith("We picked Frozen Ice for you. ")


@pytest.mark.parametrize("title", ["\u200b", "\U0001f355", "PREMIUM", "4"])
@pytest.mark.parametrize("category", [None, "\u200b", "SEASONAL"])
def test_neither_a_department_nor_a_kind_of_brand_names_an_item(title: str, category: str | None) -> None:
    assert "title" not in plan_message(replace(ICE, title=title, category=category), DAY, MODEL).facts


def test_an_item_without_any_name_is_planned_without_a_title_and_nothing_is_asked_of_the_model() -> None:
    plan = plan_message(replace(BARE, title="\u200b"), DAY, MODEL)
    assert (plan.facts, plan.requests) == ({}, ())


@pytest.mark.parametrize(
    "endless", ["W" * 10_000, "WORD " * 2_000, "\u00e9" * 10_000, "\u65e5" * 10_000, "\U0001f355" * 10_000]
)
def test_a_title_of_ten_thousand_characters_is_cut_in_the_message_and_shorter_in_the_prompt(endless: str) -> None:
    text = text_of(replace(ICE, title=endless))
    assert "\u2026" in text
    assert 20 <= len(text) <= 200
    assert len(told_of(replace(ICE, title=endless))) < 100


def test_a_title_of_emoji_only_is_shown_with_its_category_which_alone_is_told_to_the_model() -> None:
    pizza = replace(ICE, title="\U0001f355\ufe0f\U0001f355")
    assert text_of(pizza).startswith("We picked \U0001f355\U0001f355 Frozen Ice for you. ")
    assert told_of(pizza) == "Item: Frozen Ice\nShelf: Frozen Ice"


def test_of_emoji_alone_nothing_can_be_said_so_it_has_no_title_and_nothing_is_asked() -> None:
    plan = plan_message(replace(BARE, title="\U0001f355"), DAY, MODEL)
    assert (plan.facts, plan.requests) == ({}, ())
