"""From a draft that claims something in words to the ledger; the drafts are written by hand, the lake is a real one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from copy_day import put_no_offers
from overture import copywriting
from overture.adapters.copy_engine.exchange import RawDraft, read_job, write_shard
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.run import Run
from overture.settings import Settings
from paper_model import make_paper_model

DAY = date(2017, 11, 28)
KNOWN = {
    "data_day": DAY, "department": "GROCERY", "category": "ICE", "brand": "National", "currency": "USD",
    "is_available": True, "buyers_28d": 30, "valid_from": DAY,
}  # fmt: skip
ITEMS = [
    KNOWN | {"item_id": "organic", "title": "ORGANIC ICE", "category_rank": 1},
    KNOWN | {"item_id": "plain", "title": "CUBED ICE", "category_rank": 9},
]
READER = {
    "data_day": DAY, "has_consent": True, "last_active_on": DAY, "is_eligible": True, "spend_28d": Decimal("1.00"),
    "locale": "en_US", "favourite_department": "GROCERY",
}  # fmt: skip
READERS = [
    READER | {"user_id": "u1", "household_size": "large family"},
    READER | {"user_id": "u2", "household_size": None},
    READER | {"user_id": "u3", "household_size": "single"},
]
FIRST = {"data_day": DAY, "task": "discover", "rank": 1, "score": 1.0, "strategy": "popular", "model_version": "m"}
BEST = [
    FIRST | {"user_id": user, "item_id": item} for user, item in [("u1", "organic"), ("u2", "organic"), ("u3", "plain")]
]


@pytest.fixture(scope="module")
def lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    model = make_paper_model(tmp_path_factory.mktemp("model") / "paper")
    settings = replace(module_settings, model=str(model), copy_python=Path("there-is-no-python"))
    with open_warehouse(settings) as opened:
        opened.ensure_table("candidate.user_signatures")
        opened.ensure_table("ops.recalls")
        opened.ensure_table("ops.recall_lifts")
        put_no_offers(opened)
        opened.replace_day("candidate.item_facts", DAY, pa.Table.from_pylist(ITEMS))
        opened.replace_day("candidate.audience", DAY, pa.Table.from_pylist(READERS))
        opened.replace_day("candidate.recommendations", DAY, pa.Table.from_pylist(BEST))
        yield opened


def messages_of(lake: Warehouse, draft: str) -> dict[str, Sequence[object]]:
    """Answer every request with one draft; return each user's rung and refusal."""
    run = Run(lake.settings, DAY, None, "test", 1)
    lake.execute("drop table if exists copy.drafts")
    copywriting.prepare_copy(run, lake)
    asked = read_job(run.settings.copy / str(DAY) / "requests.jsonl").requests
    made = [
        RawDraft(r.draft_id, draft, "stop", 9, 5, "vllm", "0", "m", "cpu", "float32", 1, r.prompt_version)
        for r in asked
    ]
    write_shard(run.settings.copy / "drafts", made)
    copywriting.render_messages(run, lake)
    rows = lake.rows("select user_id, rung, refusal from candidate.messages where data_day = ?", [DAY])
    return {user: others for user, *others in rows}


def ledger(lake: Warehouse) -> list[tuple[object, ...]]:
    return lake.rows(
        "select user_id, slot, rendered, source_table, source_column, source_key, source_day"
        " from candidate.message_claims where starts_with(slot, 'claim:') order by user_id, slot"
    )


def test_a_claim_in_words_is_shown_where_a_cell_proves_it_and_the_ledger_names_the_cell(lake: Warehouse) -> None:
    found = messages_of(lake, "How about {title} for an organic drink?")
    assert found == {"u1": ["draft", None], "u2": ["draft", None], "u3": ["template", "unproven_claim"]}
    cell = ("claim:organic", "organic", "marts.item_facts", "title", "item_id=organic", DAY)
    assert ledger(lake) == [("u1", *cell), ("u2", *cell)]


def test_popular_is_who_is_bought_most_in_its_category(lake: Warehouse) -> None:
    found = messages_of(lake, "How about {title} for a popular drink?")
    assert found["u1"] == ["draft", None]
    assert found["u3"] == ["template", "unproven_claim"]
    assert [row[4] for row in ledger(lake)] == ["category_rank", "category_rank"]


def test_a_draft_that_names_another_item_of_the_shop_is_refused(lake: Warehouse) -> None:
    found = messages_of(lake, "How about {title} for a bowl of cubed ice?")
    assert {user: refusal for user, (_, refusal) in found.items()} == {
        "u1": "wrong_item", "u2": "wrong_item", "u3": None,
    }  # fmt: skip


def test_what_the_shop_knows_of_a_reader_refuses_a_shared_draft_for_that_reader_alone(lake: Warehouse) -> None:
    found = messages_of(lake, "How about {title} for a large family?")
    assert found == {"u1": ["template", "personal_data"], "u2": ["draft", None], "u3": ["draft", None]}
