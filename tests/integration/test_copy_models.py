"""Which model writes a day, what one is tuned with, and what is refused before anything is trained."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest

from overture import steps
from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model, locate_model
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_models import (
    COPY_MODELS,
    in_force,
    model_of,
    model_of_run,
    record_copy_model,
    shown_drafts,
)
from overture.adapters.warehouse.copy_reads import store_drafts
from overture.configuration import load_config
from overture.copy_examples import Gathered, gathered
from overture.copy_lessons import examples_of
from overture.copy_tuning import Order, Stated, not_ready, tune
from overture.core.copy_training_set import is_held_out, item_key
from overture.errors import ArtifactError, DayRangeError, ModelError, SettingsError, UsageError
from paper_model import make_paper_model

DAY = date(2017, 8, 15)
NEXT = DAY + timedelta(days=1)
SEED = 3
SET = {"held_out_share": 0.3, "items": 100, "judged_items": 5, "replies": 2}
GOOD, REFUSED = "For a quiet evening at home, think of {title}.", "For a 50 % discount, think of {title}."
LIKES = ["home baking a lot", "salty snacks a little"]
TITLES = [f"{kind} {number}" for number, kind in enumerate(["RYE BREAD", "GROUND COFFEE", "CAT LITTER", "ODDS"] * 10)]


@pytest.fixture(scope="module")
def lake(copy_lake: Warehouse) -> Warehouse:
    return copy_lake


@pytest.fixture
def base(lake: Warehouse) -> Model:
    return locate_model(lake.settings)


@pytest.fixture
def tuned(lake: Warehouse, base: Model) -> Iterator[Model]:
    """A model that was accepted as of the day."""
    folder = lake.settings.models / "paper-tuned"
    if not folder.exists():
        make_paper_model(folder, b"\x01" * 8)
    model = locate_model(replace(lake.settings, model=str(folder)))
    decide(lake, model, base.fingerprint)
    yield model
    lake.execute(f"drop table if exists {COPY_MODELS}")


def decide(lake: Warehouse, model: Model, base: str, *, day: date = DAY, is_accepted: bool = True) -> None:
    row = {"name": model.name, "fingerprint": model.fingerprint, "base": base, "is_accepted": is_accepted}
    record_copy_model(lake, day, row)


@pytest.fixture
def shop(lake: Warehouse) -> Iterator[Warehouse]:
    """A published day of forty items, two of which a message was about: one of a draft, one of the template."""
    plain = {"department": "GROCERY", "category": "SHELF", "brand": "National", "currency": "USD"}
    fixed = {"is_available": True, "buyers_28d": 3, "valid_from": DAY}
    items = [{"data_day": DAY, "item_id": f"i{n}", "title": title, **plain, **fixed} for n, title in enumerate(TITLES)]
    lake.replace_day("marts.item_facts", DAY, pa.Table.from_pylist(items))
    taught = [row for row in items if not is_held_out(item_key(str(row["title"]), "SHELF"), SEED, 0.3)]
    kept = [row for row in items if row not in taught]
    shown = [(taught[0], "d1", GOOD), (taught[1], "d2", REFUSED), (kept[0], "d3", GOOD)]
    messages = [
        {"data_day": DAY, "user_id": f"u{n}", "item_id": item["item_id"], "text": text, "locale": "en_US"}
        | {"engine": "vllm", "model": "paper", "prompt_version": "p", "draft_id": identity, "rung": "draft"}
        for n, (item, identity, text) in enumerate(shown)
    ]
    messages[0]["signature"] = LIKES[1]
    readers = [{"data_day": DAY, "user_id": f"u{n}", "signature": likes} for n, likes in enumerate([*LIKES, None])]
    lake.replace_day("marts.user_signatures", DAY, pa.Table.from_pylist(readers))
    messages.append({**messages[0], "user_id": "plain", "draft_id": "d4", "rung": "template"})
    lake.replace_day("marts.messages", DAY, pa.Table.from_pylist(messages))
    texts = [*((identity, text) for _, identity, text in shown), ("d4", GOOD), ("d5", "For nobody, think of {title}.")]
    made = [RawDraft(name, text, "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, "p") for name, text in texts]
    store_drafts(lake, made, DAY)
    yield lake
    for table in ("item_facts", "messages", "user_signatures"):
        lake.execute(f"delete from marts.{table}")
    lake.execute("drop table copy.drafts")


def test_without_a_decision_the_settings_own_model_writes(lake: Warehouse, base: Model) -> None:
    assert in_force(lake, NEXT) is None
    assert model_of(lake, lake.settings, None) == base


def test_an_accepted_model_writes_the_days_after_its_own_and_never_its_own(
    lake: Warehouse, base: Model, tuned: Model
) -> None:
    runs = [steps.open_run(lake.settings, day) for day in (DAY, NEXT)]
    assert [model_of_run(lake, run) for run in runs] == [base, tuned]


def test_a_decision_made_since_changes_nothing_for_a_run_that_is_open(
    lake: Warehouse, base: Model, tuned: Model
) -> None:
    run = steps.open_run(lake.settings, NEXT)
    decide(lake, base, base.fingerprint, day=DAY - timedelta(days=1))
    decide(lake, tuned, base.fingerprint, is_accepted=False, day=NEXT)
    assert model_of_run(lake, run) == tuned


def test_a_model_that_was_not_accepted_writes_nothing(lake: Warehouse, base: Model, tuned: Model) -> None:
    decide(lake, tuned, base.fingerprint, is_accepted=False)
    assert in_force(lake, NEXT) is None


def test_a_model_tuned_from_another_base_is_not_used(lake: Warehouse, base: Model, tuned: Model) -> None:
    decide(lake, tuned, "another")
    assert model_of(lake, lake.settings, tuned.fingerprint) == base


def test_a_promoted_model_that_is_gone_or_altered_stops_with_a_way_out(
    lake: Warehouse, base: Model, tuned: Model
) -> None:
    record_copy_model(lake, DAY, {"name": "gone", "fingerprint": "f", "base": base.fingerprint, "is_accepted": True})
    with pytest.raises(ModelError, match="overture tune-copy-model"):
        model_of(lake, lake.settings, "f")
    record_copy_model(
        lake, DAY, {"name": tuned.name, "fingerprint": "f", "base": base.fingerprint, "is_accepted": True}
    )
    with pytest.raises(ModelError, match=f"got: {tuned.fingerprint}"):
        model_of(lake, lake.settings, "f")
    with pytest.raises(ArtifactError, match="no such copy model"):
        model_of(lake, lake.settings, "never recorded")


def keys_of(found: Gathered) -> set[str]:
    return {item_key(lesson.item.title, lesson.item.category) for lesson in found.lessons}


def test_what_a_person_has_edited_is_taught_whatever_the_share_of_past_drafts(shop: Warehouse, base: Model) -> None:
    found = gathered(shop, DAY, base, SET, SEED)
    assert examples_of(found, base, 0.0, SEED).past == 0
    assert examples_of(found, base, 0.5, SEED).past == 1
    shop.execute("update copy.drafts set engine = 'person' where draft_id = 'd1'")
    taught = examples_of(gathered(shop, DAY, base, SET, SEED), base, 0.0, SEED)
    assert taught.past == 1
    assert GOOD in {each.reply for each in taught.examples}


def test_only_drafts_of_messages_of_the_last_four_weeks_are_past_ones(shop: Warehouse) -> None:
    assert sorted(text for _, _, text in shown_drafts(shop, DAY, most=9)) == [REFUSED, GOOD, GOOD]
    assert {likes for _, likes, _ in shown_drafts(shop, DAY + timedelta(days=27), most=9)} == {"", LIKES[1]}
    assert [len(shown_drafts(shop, DAY, most)) for most in (0, 2)] == [0, 2]
    for other in (DAY - timedelta(days=1), DAY + timedelta(days=28)):
        assert shown_drafts(shop, other, most=9) == []


def test_no_held_out_item_and_no_refused_draft_is_taught(shop: Warehouse, base: Model) -> None:
    found = gathered(shop, DAY, base, SET, SEED)
    assert keys_of(found)
    assert not any(is_held_out(key, SEED, 0.3) for key in keys_of(found))
    assert all(is_held_out(item_key(item.title, item.category), SEED, 0.3) for item in found.judged)
    assert [lesson.text for lesson in found.lessons if lesson.is_past] == [GOOD]
    assert REFUSED not in {lesson.text for lesson in found.lessons}


def test_what_was_shown_keeps_its_reader_and_who_judges_is_given_one(shop: Warehouse, base: Model) -> None:
    found = gathered(shop, DAY, base, {**SET, "judged_items": 40}, SEED)
    assert [lesson.item.signature for lesson in found.lessons if lesson.is_past] == [LIKES[1]]
    assert {item.signature for item in found.judged} == set(LIKES) == set(found.likes)


def test_the_same_is_gathered_each_time_and_something_else_with_another_seed(shop: Warehouse, base: Model) -> None:
    one, same, other = (gathered(shop, DAY, base, SET, seed) for seed in (SEED, SEED, SEED + 1))
    assert one == same
    assert one.lessons != other.lessons


def test_items_of_no_known_kind_are_judged_by_but_not_taught(shop: Warehouse, base: Model) -> None:
    found = gathered(shop, DAY, base, {**SET, "judged_items": 40}, SEED)
    assert not any("ODDS" in lesson.item.title for lesson in found.lessons if not lesson.is_past)
    assert any("ODDS" in item.title for item in found.judged)


def test_a_day_without_items_or_with_too_few_is_refused(shop: Warehouse, base: Model) -> None:
    with pytest.raises(UsageError, match="a day that a run has published"):
        gathered(shop, NEXT, base, SET, SEED)
    with pytest.raises(UsageError, match="too few items"):
        gathered(shop, DAY, base, {**SET, "held_out_share": 0.9999}, SEED)
    with pytest.raises(UsageError, match="nothing to tune with"):
        examples_of(Gathered(DAY, [], [], []), base, 0.5, SEED)


def test_what_cannot_be_tuned_is_refused_before_anything_is_trained(lake: Warehouse) -> None:
    unmade = date(2017, 3, 1)
    with pytest.raises(UsageError, match="a run has made"):
        tune(lake.settings, Order(unmade), print)
    assert not_ready(lake.settings, unmade) == f"no run has made {unmade}"
    with pytest.raises(DayRangeError):
        tune(lake.settings, Order(date(1999, 1, 1)), print)
    with pytest.raises(UsageError, match="a served model"):
        tune(replace(lake.settings, model="http://127.0.0.1:1/v1#m"), Order(DAY), print)
    with pytest.raises(ModelError, match="no such model"):
        tune(replace(lake.settings, model="/nowhere"), Order(DAY), print)
    with pytest.raises(UsageError, match="--minutes"):
        Order(DAY, 0)


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("training", {"tokens": 0}),
        ("training", {"rank": "16"}),
        ("training", {"surprise": 1}),
        ("set", {"held_out_share": 1.0}),
        ("gate", {"resamples": 0}),
        ("gate", {"tolerated_loss": 2}),
    ],
)
def test_a_bad_configuration_is_refused(section: str, change: dict[str, object]) -> None:
    config = dict(load_config("copy_tuning"))
    with pytest.raises(SettingsError, match=r"copy_tuning\.toml"):
        Stated.read({**config, section: {**config[section], **change}})
