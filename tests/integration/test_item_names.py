"""Items whose cells name them only together, or not at all: told by both cells, or never recommended."""

from datetime import date

import pytest

from copy_day import DAY, GOOD, ITEMS, answer, item, put, written
from overture import copywriting, wordings
from overture.adapters.warehouse import Warehouse, audits
from overture.adapters.warehouse.item_names import nameless
from overture.adapters.warehouse.rule_reads import read_dropped_items
from overture.adapters.warehouse.training_reads import read_facts
from overture.configuration import load_config
from overture.run import Run

CELLS = [
    ("lean", "LEAN", "BEEF"),
    ("alone", "LEAN", None),
    ("other", "OTHER", "PROCESSED"),
    ("unseen", "\u200b\u2066", "FRZN ICE"),
    ("nothing", "\u200b", "\u3164"),
    ("emoji", "\U0001f355", None),
    ("untitled", " ", "BEEF"),
    ("tea", "GREEN TEA", "TEAS"),
]


@pytest.fixture
def lake(small_day: Warehouse) -> Warehouse:
    put(
        small_day,
        "candidate.item_facts",
        [*ITEMS, *(item(name, title, category=category, price=1) for name, title, category in CELLS)],
    )
    return small_day


def test_what_no_cell_names_is_not_promoted_and_counted_as_nameless(lake: Warehouse) -> None:
    facts = read_facts(lake, DAY, load_config("ranking"))
    promoted = set(facts.item_ids[facts.is_promotable].tolist())
    assert {name for name, *_ in CELLS} & promoted == {"lean", "unseen", "tea"}
    reasons = read_dropped_items(lake, DAY, facts.item_ids, load_config("ranking"))
    found = dict(zip(facts.item_ids.tolist(), reasons.tolist(), strict=True))
    assert {name for name, reason in found.items() if reason == "nameless"} == {"alone", "other", "nothing", "emoji"}
    assert found["untitled"] == "unpresentable"


def test_another_day_s_items_are_not_asked_about(lake: Warehouse) -> None:
    assert nameless(lake, date(2017, 11, 27)) == []
    assert len(nameless(lake, DAY)) == 4


def test_a_message_about_a_completed_title_has_both_its_cells_in_the_ledger(small_run: Run, lake: Warehouse) -> None:
    lake.execute(
        "update candidate.recommendations set item_id = 'lean', reason_item_id = 'unseen' where user_id = 'u1'"
    )
    copywriting.prepare_copy(small_run, lake)
    answer(small_run, GOOD)
    copywriting.render_messages(small_run, lake)
    assert written(lake)["u1"].startswith("How about Lean Beef for a very hot day? ")
    claims = lake.rows(
        "select slot, rendered, source_column, source_key from candidate.message_claims"
        " where user_id = 'u1' order by slot"
    )
    assert claims == [
        ("price", "$1.00", "price", "item_id=lean"),
        ("reason_item", "Frozen Ice", "category", "item_id=unseen"),
        ("title", "Lean Beef", "title", "item_id=lean"),
        ("title:category", "Lean Beef", "category", "item_id=lean"),
    ]
    assert [name.text for name in audits.names(lake, DAY) if not wordings.is_named_so(name)] == []
    lake.execute("update candidate.item_facts set category = 'PORK' where item_id = 'lean'")
    assert [name.text for name in audits.names(lake, DAY) if not wordings.is_named_so(name)] == ["Lean Beef"]


def test_nobody_is_written_to_about_what_has_no_name(small_run: Run, lake: Warehouse) -> None:
    lake.execute("update candidate.recommendations set item_id = 'other' where user_id = 'u1'")
    copywriting.prepare_copy(small_run, lake)
    copywriting.render_messages(small_run, lake)
    assert list(written(lake)) == ["late", "u2", "u3"]
