"""Until when an item is on offer: said to the day, with its cell; unsaid where it would be too long or too late."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model
from overture.composing import compose, draft_rules
from overture.core.claims import FactRules, Recipient, facts_of
from overture.core.days import readable_day
from overture.core.recalled import Recalled
from overture.core.soft_claims import soft_claims_in
from overture.languages import figures_for
from overture.message_plans import plan_message

DAY = date(2017, 11, 28)
ICE = Recipient(
    "u1", "ice", "ICE", "GROCERY", "FRZN ICE", "National", "22 LB", Decimal("2.49"), "USD", "chips", "POTATO CHIPS",
    True, "als_with_ease", offer_id="campaign-1", offer_ends_on=date(2017, 12, 3),
)  # fmt: skip
RULES = FactRules(figures_for("en_US"))
OFFER = "There is an offer on this until December 3."


def written(recipient: Recipient, opening: str | None = None) -> tuple[str, str, list[str]]:
    """The text, why the model's own was refused if it was, and the slots of the ledger."""
    plan = plan_message(recipient, DAY, Model("paper", "paper", "f" * 64))
    first = plan.requests[0]
    draft = RawDraft(first.draft_id, opening or "", "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, "v")
    message, claims = compose(plan, {first.draft_id: draft} if opening else {}, DAY)
    return str(message["text"]), str(message.get("refusal")), [str(claim["slot"]) for claim in claims]


def test_the_end_of_an_offer_is_a_fact_with_its_cell() -> None:
    fact = facts_of(ICE, DAY, RULES)["offer_end"]
    assert (fact.rendered, fact.source_table, fact.source_column, fact.source_key, fact.source_day) == (
        "December 3", "marts.item_offers", "ends_on", "offer_id=campaign-1 item_id=ice", DAY,
    )  # fmt: skip


@pytest.mark.parametrize("ends_on", [None, date(2017, 11, 27), date(2018, 11, 28)])
def test_without_an_offer_that_still_holds_and_can_be_told_apart_nothing_is_said(ends_on: date | None) -> None:
    assert "offer_end" not in facts_of(replace(ICE, offer_ends_on=ends_on), DAY, RULES)


@pytest.mark.parametrize(
    ("day", "language", "read"),
    [
        (DAY, "en", "November 28"),
        (date(2018, 1, 1), "en", "January 1"),
        (date(2018, 1, 1), "zh", "1\u67081\u65e5"),
        (date(2018, 1, 1), "xx", None),
    ],
)
def test_a_day_is_written_for_people(day: date, language: str, read: str | None) -> None:
    assert readable_day(day, DAY, language) == read


def test_a_draft_and_the_template_close_with_the_offer_and_the_ledger_has_it() -> None:
    text, refusal, slots = written(ICE, "How about {title} for a hot day?")
    assert refusal == "None"
    assert text.endswith(OFFER)
    assert "offer_end" in slots
    text, _, slots = written(ICE)
    assert text.endswith(OFFER)
    assert "offer_end" in slots


def test_an_offer_is_left_unsaid_before_anything_else_where_the_text_would_be_too_long() -> None:
    opening = "When you think of a long hot day with salads and cold lemonade, think of {title} too."
    long = replace(ICE, reason_title="CRUNCHY POTATO CHIPS WITH SEA SALT")
    text, refusal, slots = written(long, opening)
    assert refusal == "None"
    assert "CRUNCHY POTATO".title() in text
    assert "offer" not in text
    assert set(slots) == {"title", "reason_item", "price", "size"}
    text, _, slots = written(replace(long, title="VERY " * 18 + "COLD ICE"))
    assert "offer" not in text
    assert "offer_end" not in slots


def test_the_closing_claims_nothing_else_and_the_model_may_not_say_it() -> None:
    assert soft_claims_in("There is an offer on this until {offer_end}.", draft_rules().lexicon) == ()
    _, refusal, _ = written(ICE, "How about {title} for an offer on this until noon?")
    assert refusal == "banned_words"


def test_a_recalled_end_of_an_offer_is_not_said_again() -> None:
    recalled = Recalled(facts=frozenset({"marts.item_offers.ends_on:offer_id=campaign-1 item_id=ice"}))
    assert recalled.taken_from(ICE).offer_ends_on is None
    other = Recalled(facts=frozenset({"marts.item_offers.ends_on:offer_id=campaign-2 item_id=ice"}))
    assert other.taken_from(ICE) == ICE
