"""From the day's tables and a model's drafts to messages and claims; the drafts are written by hand here."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from copy_day import DAY, GOOD, HOSTILE, ITEMS, answer, item, put, requests, written
from overture import copywriting
from overture.adapters.copy_engine.exchange import read_job, write_job
from overture.adapters.warehouse import Warehouse
from overture.configuration import load_config
from overture.message_plans import prompt_of
from overture.run import Run


@pytest.fixture
def warehouse(small_day: Warehouse) -> Warehouse:
    return small_day


@pytest.fixture
def run(small_run: Run) -> Run:
    return small_run


def test_a_message_states_the_day_s_facts_and_a_claim_names_the_cell_of_each(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    text = written(warehouse)["u1"]
    assert text.startswith("How about Ice - Crushed/Cubed for a very hot day? ")
    assert re.fullmatch(r".* because you buy Potato Chips\. .*\$2\.49.* 22 lb\.", text)
    claims = warehouse.rows(
        "select slot, rendered, source_table, source_column, source_key, source_day from candidate.message_claims"
        " where data_day = ? and user_id = 'u1' and item_id = 'ice' order by slot",
        [DAY],
    )
    assert claims == [
        ("price", "$2.49", "marts.item_facts", "price", "item_id=ice", DAY),
        ("reason_item", "Potato Chips", "marts.item_facts", "title", "item_id=chips", DAY),
        ("size", "22 lb", "marts.item_facts", "size", "item_id=ice", DAY),
        ("title", "Ice - Crushed/Cubed", "marts.item_facts", "title", "item_id=ice", DAY),
    ]


def test_a_message_says_what_wrote_it(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    columns = "user_id, rung, refusal, engine, model, prompt_version, locale"
    version = prompt_of("prompt").version
    assert written(warehouse, columns)["u3"] == ("draft", None, "vllm", "paper", version, "en_US")


def test_only_eligible_users_get_a_message_and_the_latest_active_come_first(run: Run, warehouse: Warehouse) -> None:
    copywriting.render_messages(run, warehouse)
    assert list(written(warehouse)) == ["late", "u1", "u2", "u3"]
    copywriting.render_messages(replace(run, users=3), warehouse)
    assert list(written(warehouse)) == ["u1", "u2", "u3"]


def test_a_user_without_a_draft_gets_the_template_and_the_row_says_why(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    copywriting.render_messages(run, warehouse)
    columns = "user_id, text, rung, refusal, engine, model, prompt_version, draft_id"
    assert written(warehouse, columns)["u3"] == (
        "We picked Potato Chips for you.", "template", "not_generated", "none", "none", "plain_message.v1", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "finish_reason", "refusal"),
    [
        ("How about {title} for a free lunch?", "stop", "unproven_claim"),
        ("How about {title} for a very hot", "length", "unfinished"),
        ("How about ice for a very hot day?", "stop", "slot_missing"),
        ("Buy {title} now!", "stop", "off_grammar"),
        ("", "too_long_prompt", "too_long_prompt"),
    ],
)
def test_a_refused_draft_is_never_shown(
    run: Run, warehouse: Warehouse, text: str, finish_reason: str, refusal: str
) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, text, finish_reason)
    copywriting.render_messages(run, warehouse)
    assert set(written(warehouse, "user_id, refusal").values()) == {refusal}
    assert written(warehouse)["u1"] == (
        "We picked Ice - Crushed/Cubed for you. This came to mind because you buy Potato Chips."
        " Price: $2.49. Size: 22 lb."
    )


@pytest.mark.parametrize(
    ("words", "slots"), [((15, 8), "price reason_item size title"), ((22, 15), "price size title")]
)
def test_a_message_that_reason_and_price_make_too_long_is_the_template_s_if_need_be_without_the_reason(
    run: Run, warehouse: Warehouse, words: tuple[int, int], slots: str
) -> None:
    longest = load_config("text_checks")["channels"]["push"]["length"][1]
    ice = item("ice", "Ice " * words[0] + "cubes", price=Decimal("2.49"), size="22 LB")
    put(warehouse, "candidate.item_facts", [ice, item("chips", "Chips " * words[1] + "mix")])
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    text, *kind = written(warehouse, "user_id, text, rung, refusal")["u1"]
    assert (len(text) <= longest, kind) == (True, ["template", "too_long"])
    said = warehouse.rows("select distinct slot from candidate.message_claims where user_id = 'u1' order by slot")
    assert [slot for (slot,) in said] == slots.split()


def test_the_first_draft_that_passes_is_shown(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    asked = requests(run)
    job = run.settings.copy / str(DAY) / "requests.jsonl"
    write_job(job, replace(read_job(job), requests=asked[:1]))
    answer(run, "How about {title} for a free lunch?")
    write_job(job, replace(read_job(job), requests=asked[1:2]))
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    shown = [(i, r) for i, r in written(warehouse, "user_id, draft_id, refusal").values() if i]
    assert set(shown) == {(asked[1].draft_id, None)}


def test_no_name_is_longer_than_a_message_can_bear(run: Run, warehouse: Warehouse) -> None:
    endless = "word " * 400
    put(warehouse, "candidate.item_facts", [item("ice", endless, price=Decimal("2.49")), item("chips", f"x{endless}")])
    copywriting.render_messages(run, warehouse)
    assert max(len(text) for text in written(warehouse).values()) < 400
    assert all("word…" in text for text in written(warehouse).values())


def test_a_hostile_title_is_shown_as_text_and_nothing_more(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    told = next(r.messages[-1][1] for r in requests(run) if "Robert" in r.messages[-1][1])
    assert "<|" not in told
    assert "{" not in told
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    assert written(warehouse)["late"].startswith(f"How about {HOSTILE} for a very hot day? ")
    assert len(written(warehouse)) == 4


def test_a_new_price_fills_the_stored_draft_anew(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    put(warehouse, "candidate.item_facts", [ITEMS[0] | {"price": Decimal("3.99")}, *ITEMS[1:]])
    copywriting.prepare_copy(run, warehouse)
    assert requests(run) == []
    copywriting.render_messages(run, warehouse)
    assert "$3.99" in written(warehouse)["u1"]
    assert "$2.49" not in written(warehouse)["u1"]


def test_a_message_is_never_blank_or_with_an_open_slot(run: Run, warehouse: Warehouse) -> None:
    put(warehouse, "candidate.item_facts", [ITEMS[0], item("chips", "   "), item("hostile", "{title}")])
    copywriting.prepare_copy(run, warehouse)
    copywriting.render_messages(run, warehouse)
    texts = written(warehouse)
    assert list(texts) == ["late", "u1", "u2"]
    assert texts["late"] == "We picked {title} for you."
    assert texts["u1"] == "We picked Ice - Crushed/Cubed for you. Price: $2.49. Size: 22 lb."
