"""A person who is shown a day's messages approves, edits and rejects; drafts are by hand here, and nobody clicks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from copy_day import DAY, GOOD, answer, written
from overture import copywriting, steps
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.approvals import APPROVALS, edits_of, require_approval, sample_of
from overture.adapters.warehouse.copy_models import edited_by_people
from overture.adapters.warehouse.recalls import RECALLS
from overture.approving import as_page, decide, take
from overture.configuration import load_config
from overture.core.approval import (
    PUBLISH,
    REJECT,
    WHY,
    WITHHOLD,
    Answer,
    Sampled,
    answer_of,
    decision_field,
    draft_field,
)
from overture.errors import GateError, SupersededError, UsageError
from overture.orchestration import run_day
from overture.run import Joining, Run

NOW = datetime(2017, 12, 1, tzinfo=UTC).replace(tzinfo=None)
BETTER = "For a quiet evening at home, think of {title}."


@pytest.fixture
def sample(small_run: Run, small_day: Warehouse) -> list[Sampled]:
    """All messages of the small day, each of another draft."""
    small_day.execute(f"drop table if exists {APPROVALS}")
    copywriting.prepare_copy(small_run, small_day)
    answer(small_run, GOOD)
    copywriting.render_messages(small_run, small_day)
    return sample_of(small_day, DAY, 99, 1)


def of(sample: list[Sampled], user_id: str) -> int:
    return next(place for place, each in enumerate(sample) if each.user_id == user_id)


def said(sample: list[Sampled], fields: dict[str, str], option: str = PUBLISH) -> Answer:
    return answer_of(sample, [option], fields, "mia", NOW)


def approvals(lake: Warehouse) -> dict[str | None, str]:
    return dict(lake.rows(f"select user_id, decision from {APPROVALS}"))


def test_the_sample_has_one_message_of_each_draft_with_its_claims_and_is_the_same_each_time(
    small_day: Warehouse, sample: list[Sampled]
) -> None:
    assert len({each.draft_id for each in sample}) == len(sample) == 3  # u1 and u2 share a draft
    ice = next(each for each in sample if each.item_id == "ice")
    assert (ice.title, ice.reason, ice.rung, ice.draft) == ("ICE - CRUSHED/CUBED", "POTATO CHIPS", "draft", GOOD)
    assert "price: $2.49 (marts.item_facts.price, item_id=ice)" in ice.claims
    assert sample_of(small_day, DAY, 2, 1) == sample[:2]
    assert [each.user_id for each in sample_of(small_day, DAY, 3, 9)] != [each.user_id for each in sample]


def test_nothing_that_a_shop_writes_is_markup_on_the_page_that_people_see(sample: list[Sampled]) -> None:
    hostile = Sampled(
        "u", "i", "{{ 7*7 }} `x` <b>y</b>", None, "draft", "a\n# b ``` c", "d", "e", ("see https://evil",)
    )
    page = as_page(DAY, [*sample, hostile])
    assert "`` {{ 7*7 }} `x` <b>y</b> ``" in page
    assert "```` a\\n# b ``` c ````" in page
    assert "- ` see https://evil `" in page
    assert [line for line in page.splitlines() if line.startswith("#")] == [f"### {n + 1}" for n in range(4)]


def test_what_a_person_approves_stays_as_it_is(small_run: Run, small_day: Warehouse, sample: list[Sampled]) -> None:
    before = written(small_day)
    with pytest.raises(GateError, match="nobody has approved"):
        require_approval(small_day, small_run)
    found = said(sample, {draft_field(0): f" {sample[0].draft} "})
    assert not found.changes_messages
    take(small_run, small_day, found)
    require_approval(small_day, small_run)
    assert set(approvals(small_day).values()) == {"approved"}
    copywriting.render_messages(small_run, small_day)
    assert written(small_day) == before


def test_a_rejected_draft_is_recalled_and_each_of_its_messages_takes_the_next_one(
    small_run: Run, small_day: Warehouse, sample: list[Sampled]
) -> None:
    before = written(small_day, "user_id, draft_id, rung")
    place = next(place for place, each in enumerate(sample) if each.item_id == "ice")
    take(small_run, small_day, said(sample, {decision_field(place): REJECT, WHY: "too cold"}))
    copywriting.render_messages(small_run, small_day)
    after = written(small_day, "user_id, draft_id, rung")
    assert {user for user in before if before[user] != after[user]} == {"u1", "u2"}
    rows = small_day.rows(f"select kind, subject, why, recalled_by, recalled_at from {RECALLS}")
    assert rows == [("draft", sample[place].draft_id, "rejected before publishing: too cold", "mia", NOW)]


def test_a_rejected_message_of_the_template_is_not_sent(small_run: Run, small_day: Warehouse) -> None:
    small_day.execute(f"drop table if exists {APPROVALS}")
    small_day.ensure_table("copy.drafts")
    copywriting.prepare_copy(small_run, small_day)
    copywriting.render_messages(small_run, small_day)
    shown = sample_of(small_day, DAY, 99, 1)
    assert {each.rung for each in shown} == {"template"}
    take(small_run, small_day, said(shown, {decision_field(of(shown, "u3")): REJECT}))
    copywriting.render_messages(small_run, small_day)
    assert "u3" not in written(small_day)
    with pytest.raises(UsageError, match="a template is not edited"):
        said(shown, {draft_field(0): BETTER})


def test_an_edited_draft_is_used_for_all_its_messages_from_its_day_on_and_is_taught(
    small_run: Run, small_day: Warehouse, sample: list[Sampled]
) -> None:
    place = next(place for place, each in enumerate(sample) if each.item_id == "ice")
    take(small_run, small_day, said(sample, {draft_field(place): BETTER}))
    copywriting.render_messages(small_run, small_day)
    shown = written(small_day, "user_id, text, engine, draft_id")
    for user in ("u1", "u2"):
        text, engine, draft_id = shown[user]
        assert text.startswith("For a quiet evening at home, think of Ice - Crushed/Cubed.")
        assert (engine, edits_of(small_day, DAY)) == ("person", {sample[place].draft_id: draft_id})
    assert edits_of(small_day, DAY - timedelta(days=1)) == {}
    assert edited_by_people(small_day) == {BETTER}
    again = sample_of(small_day, DAY, 99, 1)
    place = next(place for place, each in enumerate(again) if each.item_id == "ice")
    assert again[place].draft == BETTER
    take(small_run, small_day, answer_of(again, [PUBLISH], {draft_field(place): GOOD}, "noa", NOW + timedelta(hours=1)))
    copywriting.render_messages(small_run, small_day)
    assert written(small_day, "user_id, text, engine")["u1"][0].startswith("How about Ice - Crushed/Cubed")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("Buy {title} for $1 now.", "digits"),
        ("For a quiet evening at {secret}, think of {title}.", "slot_unknown"),
        ("A text in no opening with {title}.", "off_grammar"),
        ("For the cheapest meal in town, think of {title}.", "unproven_claim"),
    ],
)
def test_an_edited_draft_passes_the_checks_of_every_draft_or_nothing_is_noted(
    small_run: Run, small_day: Warehouse, sample: list[Sampled], text: str, refusal: str
) -> None:
    with pytest.raises(UsageError, match=refusal):
        take(small_run, small_day, said(sample, {draft_field(0): text, decision_field(1): REJECT}))
    assert small_day.columns(APPROVALS) == []
    assert small_day.rows(f"select * from {RECALLS}") == []


def test_a_day_of_which_nothing_is_to_be_published_is_noted_and_not_approved(
    small_run: Run, small_day: Warehouse, sample: list[Sampled]
) -> None:
    take(small_run, small_day, said(sample, {WHY: "a bad day", decision_field(0): REJECT}, WITHHOLD))
    assert small_day.rows(f"select decision, why, decided_by from {APPROVALS}") == [("withheld", "a bad day", "mia")]
    assert small_day.rows(f"select * from {RECALLS}") == []
    with pytest.raises(GateError, match="nobody has approved"):
        require_approval(small_day, small_run)


def test_an_approval_of_another_run_or_day_counts_for_nothing(
    small_run: Run, small_day: Warehouse, sample: list[Sampled]
) -> None:
    for run in (
        Run(small_run.settings, DAY, None, "other", 1),
        Run(small_run.settings, date(2017, 1, 2), None, "test", 1),
    ):
        take(run, small_day, said(sample, {}))
    with pytest.raises(GateError, match="nobody has approved"):
        require_approval(small_day, small_run)


def test_where_messages_wait_for_a_person_nothing_begins_or_is_published_without_one(
    small_run: Run, small_day: Warehouse, sample: list[Sampled], monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = {**load_config("copy"), "approval": {"messages": 2, "seed": 1}}
    monkeypatch.setattr(steps, "load_config", lambda name: stated if name == "copy" else load_config(name))
    for begin in (steps.run_day, run_day.run_day):
        with pytest.raises(UsageError, match="messages wait for an approval"):
            begin(small_run.settings, DAY, None)
    with pytest.raises(GateError, match="nobody has approved"):
        steps.publish_day(small_run, small_day)


def test_a_person_who_lets_nothing_be_published_fails_the_run_and_an_answer_to_an_older_run_counts_for_nothing(
    small_run: Run, small_day: Warehouse, sample: list[Sampled]
) -> None:
    settings = small_run.settings
    steps.open_run(settings, DAY, "first")
    with pytest.raises(GateError, match="mia lets nothing be published; why: a bad day"):
        decide(settings, DAY, Joining("first"), said(sample, {WHY: "a bad day"}, WITHHOLD))
    assert approvals(small_day) == {None: "withheld"}
    steps.open_run(settings, DAY, "second")
    with pytest.raises(SupersededError, match="a newer run of this day"):
        decide(settings, DAY, Joining("first"), said(sample, {decision_field(0): REJECT}))
    assert approvals(small_day) == {None: "withheld"}
    assert small_day.rows(f"select * from {RECALLS}") == []
