"""Drafts that are asked for, made, stored and shared among runs; they are written by hand here."""

from dataclasses import replace
from pathlib import Path

import pytest

from copy_day import ASKED, ASKED_WITH_CANARIES, DAY, GOOD, answer, requests, written
from overture import copywriting
from overture.adapters.copy_engine.exchange import read_job, say_over_budget, shards, write_job
from overture.adapters.copy_engine.leases import nothing_removed_from
from overture.adapters.warehouse import Warehouse
from overture.errors import CopyEngineError, ModelError, WarehouseError
from overture.run import Run
from paper_model import make_paper_model


@pytest.fixture
def warehouse(small_day: Warehouse) -> Warehouse:
    return small_day


@pytest.fixture
def run(small_run: Run) -> Run:
    return small_run


def test_two_users_with_the_same_item_and_reason_share_a_draft(run: Run, warehouse: Warehouse) -> None:
    cost = copywriting.prepare_copy(run, warehouse)
    assert cost.drafts_reused == 0
    assert len(requests(run)) == ASKED_WITH_CANARIES
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    ids = written(warehouse, "user_id, draft_id")
    assert ids["u1"] == ids["u2"] != ids["u3"]


def test_a_message_whose_draft_the_budget_left_undone_is_written_by_the_template_and_says_so(
    run: Run, warehouse: Warehouse
) -> None:
    copywriting.prepare_copy(run, warehouse)
    job = run.settings.copy / str(DAY) / "requests.jsonl"
    say_over_budget(job, read_job(job).label, ASKED_WITH_CANARIES)
    copywriting.render_messages(run, warehouse)
    assert set(written(warehouse, "user_id, rung, refusal").values()) == {("template", "over_budget")}
    assert warehouse.rows("select count(*) from candidate.messages") == [(4,)]


def test_what_another_run_stored_meanwhile_is_not_asked_for_again(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    asked = read_job(run.settings.copy / str(DAY) / "requests.jsonl")
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    write_job(run.settings.copy / str(DAY) / "requests.jsonl", asked)
    cost = copywriting.write_copy(run, warehouse)
    assert (cost.drafts_made, cost.drafts_reused) == (0, ASKED_WITH_CANARIES)


def test_shards_that_another_run_may_need_stay_until_a_later_one_takes_them_away(
    run: Run, warehouse: Warehouse
) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    with nothing_removed_from(run.settings.copy / "drafts"):
        copywriting.render_messages(run, warehouse)
        assert len(shards(run.settings.copy / "drafts")) == 1
    copywriting.render_messages(run, warehouse)
    assert shards(run.settings.copy / "drafts") == []


def test_a_second_run_asks_for_nothing_and_starts_no_engine(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.render_messages(run, warehouse)
    first = written(warehouse, "*")
    cost = copywriting.prepare_copy(run, warehouse)
    assert (cost.drafts_reused, requests(run)) == (ASKED, [])
    assert copywriting.write_copy(run, warehouse).drafts_made == 0
    copywriting.render_messages(run, warehouse)
    assert written(warehouse, "*") == first


def test_drafts_that_a_killed_run_left_are_taken_over(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    answer(run, GOOD)
    copywriting.prepare_copy(run, warehouse)
    assert len(requests(run)) == ASKED_WITH_CANARIES
    assert copywriting.write_copy(run, warehouse).drafts_made == 0
    copywriting.render_messages(run, warehouse)
    assert set(written(warehouse, "user_id, rung").values()) == {"draft"}
    assert shards(run.settings.copy / "drafts") == []


def test_missing_drafts_without_a_copy_environment_are_an_error(run: Run, warehouse: Warehouse) -> None:
    copywriting.prepare_copy(run, warehouse)
    with pytest.raises(CopyEngineError, match="no copy environment"):
        copywriting.write_copy(run, warehouse)


def test_a_draft_store_of_another_version_is_named_with_what_it_lacks(run: Run, warehouse: Warehouse) -> None:
    warehouse.execute("create table copy.drafts as select 'a' as draft_id, 'Tea.' as text")
    with pytest.raises(WarehouseError, match=r"draft store of another version.*copy\.drafts.*none named finish_reason"):
        copywriting.prepare_copy(run, warehouse)


def test_half_a_model_stops_the_run_before_anything_is_asked(run: Run, warehouse: Warehouse, tmp_path: Path) -> None:
    half = make_paper_model(tmp_path / "half")
    (half / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"expected: tokenizer\.json"):
        copywriting.prepare_copy(replace(run, settings=replace(run.settings, model=str(half))), warehouse)
    assert not run.settings.copy.exists() or list(run.settings.copy.rglob("*.jsonl")) == []
