"""A message whose own drafts were refused takes those of another reader of its item, before it takes the template."""

import pytest

from copy_day import BEST, DAY, GOOD, READERS, answer, best, put, reader, requests, written
from overture import copywriting
from overture.adapters.copy_engine.exchange import read_job, write_job
from overture.adapters.warehouse import Warehouse
from overture.run import Run

BAD = "Buy {title} now!"
TASTES = {"u1": "soups and pasta a lot", "u2": "soups some", "u4": "wine and cheese a lot"}
TEXTS = {"u1": "How about {title} for a winter soup?", "u4": "How about {title} for a cheese plate?"}


@pytest.fixture
def three_tastes(small_run: Run, small_day: Warehouse) -> Run:
    """A run in which three readers of different tastes get the same item."""
    put(small_day, "candidate.audience", [*READERS, reader("u4")])
    put(small_day, "candidate.recommendations", [*BEST, best("u4", "ice", "chips")])
    rows = [{"data_day": DAY, "user_id": user, "signature": taste} for user, taste in TASTES.items()]
    put(small_day, "candidate.user_signatures", rows)
    return small_run


def answer_each(run: Run, lake: Warehouse, texts: dict[str, str]) -> None:
    """Answer the requests that name a user's taste with the user's text, all others with what no message may say."""
    copywriting.prepare_copy(run, lake)
    job = run.settings.copy / str(DAY) / "requests.jsonl"
    whole, asked = read_job(job), requests(run)
    for user, taste in TASTES.items():
        mine = [request for request in asked if taste in request.messages[-1][1]]
        write_job(job, type(whole)(whole.options, whole.sampling, mine))
        answer(run, texts.get(user, BAD))
    copywriting.render_messages(run, lake)


def test_the_draft_of_the_most_similar_reader_is_taken(three_tastes: Run, small_day: Warehouse) -> None:
    answer_each(three_tastes, small_day, TEXTS)
    rows = written(small_day, "user_id, text, rung, refusal")
    assert rows["u2"][0].startswith("How about Ice - Crushed/Cubed for a winter soup?")
    assert rows["u2"][1:] == ("similar", "off_grammar")
    assert rows["u1"][1:] == rows["u4"][1:] == ("draft", None)


def test_the_next_similar_reader_s_is_taken_where_there_is_no_other(three_tastes: Run, small_day: Warehouse) -> None:
    answer_each(three_tastes, small_day, {"u4": TEXTS["u4"]})
    rows = written(small_day, "user_id, text, rung")
    assert {user: rows[user][1] for user in TASTES} == {"u1": "similar", "u2": "similar", "u4": "draft"}
    assert "cheese plate" in rows["u1"][0]
    claims = small_day.rows("select slot from candidate.message_claims where user_id = 'u2' order by slot")
    assert [slot for (slot,) in claims] == ["price", "reason_item", "size", "title"]


def test_where_nobody_has_a_draft_of_the_item_it_is_the_template(three_tastes: Run, small_day: Warehouse) -> None:
    answer_each(three_tastes, small_day, {})
    assert set(written(small_day, "user_id, rung").values()) == {"template"}


def test_nobody_is_lent_a_draft_of_another_item(small_run: Run, small_day: Warehouse) -> None:
    copywriting.prepare_copy(small_run, small_day)
    job = small_run.settings.copy / str(DAY) / "requests.jsonl"
    whole = read_job(job)
    for about_chips, text in ((True, GOOD), (False, BAD)):
        mine = [r for r in whole.requests if ("Item: Potato Chips" in r.messages[-1][1]) == about_chips]
        write_job(job, type(whole)(whole.options, whole.sampling, mine))
        answer(small_run, text)
    copywriting.render_messages(small_run, small_day)
    rungs = written(small_day, "user_id, rung")
    assert rungs == {"late": "template", "u1": "template", "u2": "template", "u3": "draft"}
