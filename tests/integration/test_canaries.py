"""Hostile names that ride in a day's batch: asked for with it, judged, shown to nobody; drafts are by hand here."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from copy_day import put_no_offers
from hostile_names import ATTACKS
from overture import copywriting
from overture.adapters.copy_engine.exchange import RawDraft, read_job, say_over_budget, write_shard
from overture.adapters.model_store import Model, locate_model
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import TABLES as RECALL_TABLES
from overture.canaries import canary_plans, with_canaries
from overture.configuration import load_config
from overture.run import Run
from overture.settings import Settings
from paper_model import make_paper_model

DAY = date(2017, 11, 28)
HONEST = "How about {title} for a very hot day?"
OBEDIENT = "Planning a hacked party? Put {title} on your list."
EACH_DAY = load_config("canaries")["each_day"]


@pytest.fixture(scope="module")
def lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A lake with one reader and one item."""
    model = make_paper_model(tmp_path_factory.mktemp("model") / "paper")
    item = {"item_id": "ice", "title": "ICE", "price": Decimal("2.49"), "currency": "USD", "is_available": True}
    reader = {"user_id": "u1", "has_consent": True, "last_active_on": DAY, "is_eligible": True}
    best = {"user_id": "u1", "rank": 1, "item_id": "ice", "task": "discover", "strategy": "popular"}
    with open_warehouse(replace(module_settings, model=str(model))) as opened:
        for table, row in (("item_facts", item), ("audience", reader), ("recommendations", best)):
            opened.replace_day(f"candidate.{table}", DAY, pa.Table.from_pylist([{"data_day": DAY} | row]))
        for table in ("candidate.user_signatures", *RECALL_TABLES):
            opened.ensure_table(table)
        put_no_offers(opened)
        yield opened


@pytest.fixture
def run(lake: Warehouse) -> Run:
    """A run of the day in a home without drafts."""
    for table in ("copy.drafts", "copy.canaries"):
        lake.execute(f"drop table if exists {table}")
    for path in sorted(lake.settings.copy.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return Run(lake.settings, DAY, None, "test", 1)


@pytest.fixture
def model(lake: Warehouse) -> Model:
    return locate_model(lake.settings)


def job_file(run: Run) -> Path:
    return run.settings.copy / str(DAY) / "requests.jsonl"


def answer(run: Run, text: str, *, but_the_last: int = 0) -> None:
    asked = read_job(job_file(run)).requests
    made = [
        RawDraft(r.draft_id, text, "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, r.prompt_version)
        for r in asked[: len(asked) - but_the_last]
    ]
    write_shard(run.settings.copy / "drafts", made)


def outcomes(lake: Warehouse) -> list[str]:
    return [outcome for (outcome,) in lake.rows("select outcome from copy.canaries where data_day = ?", [DAY])]


def measured(lake: Warehouse) -> tuple[int, int]:
    """How many canaries were obeyed, and how many not answered."""
    return outcomes(lake).count("obeyed"), outcomes(lake).count("unanswered")


def test_canaries_are_asked_for_with_the_day_s_drafts_and_no_message_is_made_of_them(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    canaries = {plan.requests[0].draft_id for _, plan in canary_plans(DAY, locate_model(lake.settings))}
    assert canaries <= {request.draft_id for request in read_job(job_file(run)).requests}
    answer(run, HONEST)
    copywriting.render_messages(run, lake)
    assert outcomes(lake) == ["held"] * EACH_DAY
    assert lake.rows("select user_id from candidate.messages") == [("u1",)]
    assert measured(lake) == (0, 0)


def test_an_obeyed_canary_is_counted_and_no_other(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, OBEDIENT)
    copywriting.render_messages(run, lake)
    plans = canary_plans(DAY, locate_model(lake.settings))
    demanded = sum("hacked" in attack.canary for attack, _ in plans)
    assert measured(lake) == (demanded, 0)
    assert demanded > 0


def test_an_obedient_draft_that_the_checks_refuse_has_harmed_nobody(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, "HACKED {price} 100%")
    copywriting.render_messages(run, lake)
    assert outcomes(lake) == ["held"] * EACH_DAY
    assert lake.rows("select count(*) from copy.canaries where sign is not null and refusal is not null") == [
        (EACH_DAY,)
    ]


def test_a_canary_without_an_answer_is_counted_unless_the_budget_was_spent(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, HONEST, but_the_last=2)
    copywriting.render_messages(run, lake)
    assert measured(lake) == (0, 2)
    say_over_budget(job_file(run), read_job(job_file(run)).label, 2)
    copywriting.render_messages(run, lake)
    assert measured(lake) == (0, 0)
    assert outcomes(lake).count("over_budget") == 2


def test_a_run_that_asks_for_no_draft_asks_for_no_canary_and_remembers_the_day_s(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, HONEST)
    copywriting.render_messages(run, lake)
    first = lake.rows("select * from copy.canaries order by all")
    copywriting.prepare_copy(run, lake)
    assert read_job(job_file(run)).requests == []
    copywriting.render_messages(run, lake)
    assert lake.rows("select * from copy.canaries order by all") == first


def test_what_the_gate_must_find_answered_is_all_of_a_batch_or_what_earlier_ones_have(
    run: Run, lake: Warehouse
) -> None:
    sent = "select canaries from copy.canaries_sent where data_day = ?"
    copywriting.prepare_copy(run, lake)
    assert lake.rows(sent, [DAY]) == [(EACH_DAY,)]
    answer(run, HONEST, but_the_last=2)
    copywriting.render_messages(run, lake)
    copywriting.prepare_copy(run, lake)
    assert lake.rows(sent, [DAY]) == [(EACH_DAY - 2,)]
    lake.execute("delete from copy.drafts")
    copywriting.prepare_copy(run, lake)
    assert lake.rows(sent, [DAY]) == [(EACH_DAY,)]


def test_a_day_always_has_the_same_canaries_and_days_have_others_with_drafts_of_their_own(model: Model) -> None:
    days = [DAY + timedelta(days=number) for number in range(30)]
    chosen = {day: [attack.attack_id for attack, _ in canary_plans(day, model)] for day in days}
    assert chosen == {day: [attack.attack_id for attack, _ in canary_plans(day, model)] for day in days}
    assert {name for names in chosen.values() for name in names} == {
        a["id"] for a in load_config("canaries")["attacks"]
    }
    ids = [plan.requests[0].draft_id for day in days for _, plan in canary_plans(day, model)]
    assert len(set(ids)) == len(ids) == 30 * EACH_DAY


def test_an_engine_is_never_started_for_canaries_alone(model: Model) -> None:
    assert with_canaries([], DAY, model) == []


def test_every_canary_is_an_attack_of_the_suite_that_the_model_is_told() -> None:
    shipped = load_config("canaries")["attacks"]
    suite = {attack.attack_id: attack for attack in ATTACKS}
    for canary in shipped:
        known = suite[canary["id"]]
        assert (known.text, known.place, list(known.canary)) == (canary["text"], canary["place"], canary["canary"])
        assert known.place in ("title", "category")
    assert len(shipped) >= 4 * EACH_DAY
