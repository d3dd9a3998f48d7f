from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from overture.configuration import load_config
from overture.core.claims import FactRules, Recipient, claims_in, facts_of
from overture.languages import figures_for

DAY = date(2017, 11, 28)
FIGURES = figures_for("en_US")
RULES = FactRules(FIGURES)
ICE = Recipient(
    user_id="u1",
    item_id="25671",
    title="ICE - CRUSHED/CUBED",
    department="GROCERY",
    category="FRZN ICE",
    brand="National",
    size="22 LB",
    price=Decimal("2.49"),
    currency="USD",
    reason_item_id="819063",
    reason_title="POTATO CHIPS",
    is_favourite_department=True,
    strategy="als",
)


def rendered(recipient: Recipient) -> dict[str, str]:
    return {slot: fact.rendered for slot, fact in facts_of(recipient, DAY, RULES).items()}


def test_every_fact_names_the_cell_that_it_was_read_from() -> None:
    facts = facts_of(ICE, DAY, RULES)
    cells = {
        slot: (fact.rendered, fact.source_table, fact.source_column, fact.source_key, fact.source_day)
        for slot, fact in facts.items()
    }
    assert cells == {
        "title": ("Ice - Crushed/Cubed", "marts.item_facts", "title", "item_id=25671", DAY),
        "price": ("$2.49", "marts.item_facts", "price", "item_id=25671", DAY),
        "size": ("22 lb", "marts.item_facts", "size", "item_id=25671", DAY),
        "reason_item": ("Potato Chips", "marts.item_facts", "title", "item_id=819063", DAY),
    }


def test_a_fact_whose_cell_is_empty_is_not_offered() -> None:
    bare = replace(ICE, price=None, size=None, reason_item_id=None, reason_title=None)
    assert rendered(bare) == {"title": "Ice - Crushed/Cubed"}


def test_a_reason_that_reads_like_the_item_explains_nothing_and_is_not_offered() -> None:
    assert "reason_item" not in rendered(replace(ICE, reason_title="Ice - Crushed/Cubed"))


def test_a_shipping_case_is_no_size_for_a_customer() -> None:
    rules = FactRules.from_config(load_config("copy"), load_config("look_alikes"), FIGURES)
    assert "size" in facts_of(ICE, DAY, rules)
    assert "size" not in facts_of(replace(ICE, department="PRODUCE"), DAY, rules)


def test_only_the_slots_of_the_draft_become_claims() -> None:
    assert list(claims_in("{title}: {price}.", facts_of(ICE, DAY, RULES))) == ["title", "price"]


def test_a_slot_without_a_fact_is_no_claim() -> None:
    with pytest.raises(KeyError):
        claims_in("{title} in {size}", facts_of(replace(ICE, size=None), DAY, RULES))
