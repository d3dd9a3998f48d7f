"""A run after a recall: what was withdrawn is not said again, and the gate looks after that."""

from datetime import UTC, date, datetime

import pytest

from copy_day import DAY, GOOD, answer, best, put, requests, written
from overture import copywriting
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.recalls import LIFTS, RECALLS
from overture.run import Run


def note(lake: Warehouse, kind: str, subject: str, day: date | None = None) -> None:
    now = datetime(2017, 12, 1, tzinfo=UTC).replace(tzinfo=None)
    lake.execute(f"insert into {RECALLS} values (?, ?, ?, 'wrong', 'mia', ?)", [kind, subject, day, now])


def render(run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, GOOD)
    copywriting.render_messages(run, lake)


def test_a_recalled_draft_gives_way_to_the_next_one(small_run: Run, small_day: Warehouse) -> None:
    copywriting.prepare_copy(small_run, small_day)
    first, second = [request.draft_id for request in requests(small_run)][:2]
    note(small_day, "draft", first)
    render(small_run, small_day)
    shown = {draft for (draft,) in small_day.rows("select draft_id from candidate.messages")}
    assert first not in shown
    assert second in shown


def test_the_template_says_that_every_draft_was_recalled(small_run: Run, small_day: Warehouse) -> None:
    copywriting.prepare_copy(small_run, small_day)
    for request in requests(small_run):
        note(small_day, "draft", request.draft_id)
    render(small_run, small_day)
    assert set(written(small_day, "user_id, rung, refusal").values()) == {("template", "recalled")}


def test_a_message_is_about_the_next_item_where_the_first_was_recalled(small_run: Run, small_day: Warehouse) -> None:
    put(
        small_day,
        "candidate.recommendations",
        [best("u1", "ice"), best("u1", "chips") | {"rank": 2}, best("u2", "ice")],
    )
    note(small_day, "item", "ice")
    render(small_run, small_day)
    assert written(small_day, "user_id, item_id") == {"u1": "chips"}


def test_a_recalled_message_is_not_written_again_and_other_days_are(small_run: Run, small_day: Warehouse) -> None:
    note(small_day, "message", "u1", DAY)
    note(small_day, "message", "u2", date(2017, 11, 1))
    render(small_run, small_day)
    assert sorted(written(small_day)) == ["late", "u2", "u3"]


@pytest.mark.parametrize(("day", "is_said"), [(None, False), (DAY, False), (date(2017, 11, 1), True)])
def test_a_recalled_price_is_left_unsaid_on_its_day(
    small_run: Run, small_day: Warehouse, day: date | None, is_said: bool
) -> None:
    note(small_day, "fact", "marts.item_facts.price:item_id=ice", day)
    render(small_run, small_day)
    assert ("$2.49" in written(small_day)["u1"]) == is_said
    assert "22 lb" in written(small_day)["u1"]


def test_a_reason_whose_title_was_recalled_is_left_unsaid(small_run: Run, small_day: Warehouse) -> None:
    note(small_day, "fact", "marts.item_facts.title:item_id=chips")
    render(small_run, small_day)
    assert "Chips" not in written(small_day)["u1"]
    assert "u3" not in written(small_day)


def test_what_was_lifted_is_said_again(small_run: Run, small_day: Warehouse) -> None:
    for kind, subject, day in (("item", "ice", None), ("message", "u3", DAY)):
        note(small_day, kind, subject, day)
        small_day.execute(
            f"insert into {LIFTS} by name select kind, subject, data_day, recalled_at from {RECALLS} where kind = ?",
            [kind],
        )
    render(small_run, small_day)
    assert written(small_day, "user_id, item_id") == {"late": "hostile", "u1": "ice", "u2": "ice", "u3": "chips"}
