"""A trail says why a reader got a text, lost it or got none, and rests on nothing later than its day."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

import explained_day
from explained_day import DAY, HOSTILE, REFUSED, RUN, UNFINISHED
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import Recall, record_recall
from overture.core.trail import Trail
from overture.errors import UsageError
from overture.explaining import explain, trail_of
from overture.settings import Settings
from overture.telling import tell

NOW = datetime(2017, 12, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as opened:
        yield opened


@pytest.fixture
def warehouse(lake: Warehouse) -> Warehouse:
    explained_day.put_day(lake)
    return lake


def trail(lake: Warehouse, user: str) -> Trail:
    return trail_of(lake, user, DAY)


def recall(lake: Warehouse, kind: str, subject: str, day: date | None = None) -> None:
    record_recall(lake, Recall(kind, subject, day, "wrong price", "mia", NOW))


def test_a_sent_message_is_traced_from_the_events_to_the_words(warehouse: Warehouse) -> None:
    told = trail(warehouse, "ana")
    assert (told.outcome, told.reason) == ("sent", None)
    assert (
        told.why
        == f"ICE was place 2 of the reader's new items, found by als_with_ease, most of all because of {HOSTILE}."
    )
    assert told.reader.signature == "drinks a lot"
    assert told.run.run_id == RUN
    assert told.run.factors == {"factors": 8}
    assert [(gate.step, gate.expectations, gate.refused) for gate in told.run.gates] == [("check_messages", 1, ())]
    assert told.chosen is not None
    assert [(why.item_id, why.share, why.events, why.last_on) for why in told.chosen.reasons] == [("tea", 0.75, 2, DAY)]
    assert told.draft is not None
    assert told.draft.text == "How about {title}?"
    assert told.message is not None
    assert told.message.text == "How about Ice? It costs $2.49."


def test_the_events_of_a_trail_are_the_reader_s_own_and_of_the_day_at_the_latest(warehouse: Warehouse) -> None:
    assert [event.event_id for event in trail(warehouse, "ana").events] == ["e1", "e2"]


def test_each_claim_stands_beside_what_its_cell_says_now(warehouse: Warehouse) -> None:
    warehouse.execute("update marts.item_facts set price = 2.99 where item_id = 'ice'")
    cells = {claim.slot: (claim.rendered, claim.cell) for claim in trail(warehouse, "ana").claims}
    assert cells == {"title": ("Ice", "ICE"), "price": ("$2.49", "2.99"), "claim:odd": ("odd", None)}


@pytest.mark.parametrize(
    ("user", "reason", "said"),
    [
        ("ben", "no_consent", "had not agreed"),
        ("cem", "inactive", "last active on 2017-08-01"),
        ("dan", "not_among_the_first", "wrote to the 1 most recently active readers; this one has place 3"),
        ("eve", "nothing_to_recommend", "No item"),
    ],
)
def test_a_reader_without_a_message_learns_why(warehouse: Warehouse, user: str, reason: str, said: str) -> None:
    told = trail(warehouse, user)
    assert (told.outcome, told.reason, told.message) == ("no_message", reason, None)
    assert said in told.why
    assert said in " ".join(tell(told).split())


def test_a_reader_among_the_first_whose_items_have_no_name_is_told_so(warehouse: Warehouse) -> None:
    warehouse.execute("update marts.messages set user_id = 'zoe'")
    assert trail(warehouse, "ana").reason == "nothing_to_write_about"


@pytest.mark.parametrize(
    ("kind", "subject", "day"),
    [
        ("message", "ana", DAY),
        ("draft", "d1", None),
        ("item", "ice", None),
        ("fact", "marts.item_facts.price:item_id=ice", DAY),
    ],
)
def test_a_recalled_message_is_shown_with_who_took_it_back_and_why(
    warehouse: Warehouse, kind: str, subject: str, day: date | None
) -> None:
    recall(warehouse, kind, subject, day)
    told = trail(warehouse, "ana")
    assert told.outcome == "recalled"
    assert told.why == "mia recalled it on 2017-12-01 09:30 UTC: wrong price"
    assert told.message is not None
    assert told.message.text == "How about Ice? It costs $2.49."
    assert [(note.kind, note.withdrew) for note in told.recalls] == [(kind, told.message.text)]
    assert told.claims == ()


def test_a_message_made_anew_after_a_recall_is_sent_and_names_the_recall_that_its_reader_was_spared(
    warehouse: Warehouse,
) -> None:
    recall(warehouse, "draft", "d1")
    warehouse.execute(
        "insert into marts.messages by name select ?::date as data_day, 'ana' as user_id, 'ice' as item_id,"
        " 'Ice, perhaps?' as text, 'template' as rung, 'recalled' as refusal",
        [DAY],
    )
    told = trail(warehouse, "ana")
    assert (told.outcome, told.message and told.message.text) == ("sent", "Ice, perhaps?")
    assert [note.withdrew for note in told.recalls] == ["How about Ice? It costs $2.49."]
    assert "the draft was refused (recalled); the plain template speaks" in " ".join(tell(told).split())


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2017, 12, 24), "this day was not run; where: 2017-12-24; expected: a published day, such as 2017-11-28"),
        (UNFINISHED, "nothing is published of this day.*got: a run that has not come to an end"),
        (REFUSED, "nothing is published of this day.*got: a run refused by check_landed: the_day_has_events"),
    ],
)
def test_a_day_that_is_not_published_is_refused_with_what_is_there_instead(
    warehouse: Warehouse, day: date, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        trail_of(warehouse, "ana", day)


def test_a_new_item_that_the_reader_had_looked_at_is_no_reason_for_itself(warehouse: Warehouse) -> None:
    warehouse.execute("update marts.recommendation_reasons set reason_item_id = 'ice' where reason_item_id = 'tea'")
    assert trail(warehouse, "ana").why.endswith("most of all because the reader had looked at it.")


def test_a_user_whom_the_day_does_not_know_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"no such user; where: marts.audience 2017-11-28; .*got: ana'"):
        trail_of(warehouse, "ana' or true", DAY)


def test_a_lake_in_which_nothing_ever_ran_says_so(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"this day was not run; .*there is none yet"):
        explain(settings, "ana", DAY)


def test_a_trail_as_json_holds_all_that_it_holds(warehouse: Warehouse) -> None:
    told = trail(warehouse, "ana")
    again = json.loads(json.dumps(told.as_dict()))
    assert again["data_day"] == "2017-11-28"
    assert again["reader"]["spend_28d"] == "9.90"
    assert again["events"][0]["occurred_at"] == "2017-11-28T09:00:00"
    assert again["recommendations"][1]["reasons"][0]["title"] == HOSTILE
    assert set(again) == set(vars(told))


def test_a_hostile_title_is_told_as_text_on_its_line(warehouse: Warehouse) -> None:
    screen = tell(trail(warehouse, "ana"))
    assert "\u202e" not in screen
    assert "\\u202e" in screen
    assert all(line.isprintable() for line in screen.splitlines())
    assert len(screen.splitlines()) < 50
