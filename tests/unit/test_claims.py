from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from overture.configuration import load_config
from overture.core.claims import FactRules, Recipient, claims_in, facts_of, ledger_rows
from overture.core.titles import TitleRules
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
    rules = FactRules.from_config(load_config("copy"), load_config("titles"), load_config("look_alikes"), FIGURES)
    assert "size" in facts_of(ICE, DAY, rules)
    assert "size" not in facts_of(replace(ICE, department="PRODUCE"), DAY, rules)


def test_only_the_slots_of_the_draft_become_claims() -> None:
    assert list(claims_in("{title}: {price}.", facts_of(ICE, DAY, RULES))) == ["title", "price"]


LEAN = replace(ICE, title="LEAN", category="BEEF", reason_title="PRIMAL", reason_category="PORK")
TITLES = FactRules(FIGURES, TitleRules(nameless={"lean", "primal"}, left_out={"primal"}))


def test_a_name_that_rests_on_two_cells_has_a_row_of_the_ledger_for_each() -> None:
    facts = facts_of(LEAN, DAY, TITLES)
    rows = [row for slot in ("title", "reason_item", "price") for row in ledger_rows(slot, facts[slot])]
    assert [(row["slot"], row["rendered"], row["source_column"], row["source_key"]) for row in rows] == [
        ("title", "Lean Beef", "title", "item_id=25671"),
        ("title:category", "Lean Beef", "category", "item_id=25671"),
        ("reason_item", "Pork", "category", "item_id=819063"),
        ("price", "$2.49", "price", "item_id=25671"),
    ]
    assert {frozenset(row) for row in rows} == {
        frozenset({"slot", "rendered", "source_table", "source_column", "source_key", "source_day"})
    }


def test_an_item_that_neither_cell_names_has_no_title_and_no_reason_that_does_not_name_anything() -> None:
    nameless = replace(LEAN, category=None, reason_category="\u200b")
    assert set(facts_of(nameless, DAY, TITLES)) == {"price", "size"}


def test_a_reason_is_not_the_item_completed_alike() -> None:
    assert "reason_item" not in facts_of(replace(LEAN, reason_title="LEAN", reason_category="BEEF"), DAY, TITLES)
    assert "reason_item" in facts_of(replace(LEAN, reason_title="LEAN", reason_category="PORK"), DAY, TITLES)


def test_a_slot_without_a_fact_is_no_claim() -> None:
    with pytest.raises(KeyError):
        claims_in("{title} in {size}", facts_of(replace(ICE, size=None), DAY, RULES))
