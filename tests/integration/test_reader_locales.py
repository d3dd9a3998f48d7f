"""A shop with Chinese readers among its English ones; the drafts are written by hand, lake and gates are real ones."""

import pytest

from copy_day import BEST, GOOD, READERS, answer, best, put, reader, requests, written
from overture import copywriting, gates
from overture.adapters.warehouse import Warehouse
from overture.errors import GateError
from overture.run import Run

OTHERS = [row for row in READERS if row["user_id"] not in ("u1", "u2", "no")]
CHINESE = [reader("u1", locale="zh-CN"), reader("u2", locale="zh_HK")]
LISTED = [row for row in BEST if row["user_id"] != "no"]


@pytest.fixture
def run(small_day: Warehouse, small_run: Run) -> Run:
    small_day.execute(
        "create or replace table intermediate.int_events_cleaned as select date '2017-11-01' as data_day, user_id,"
        " 'chips' as item_id, 'purchase' as event_type, timestamp '2017-11-01 09:00:00' as occurred_at"
        " from (select unnest(['u1', 'u2']) as user_id)"
    )
    put(small_day, "candidate.audience", [*CHINESE, *OTHERS])
    put(small_day, "candidate.recommendations", LISTED)
    return small_run


def day_of(run: Run, lake: Warehouse, draft: str = GOOD) -> None:
    copywriting.prepare_copy(run, lake)
    answer(run, draft)
    copywriting.render_messages(run, lake)


def test_chinese_readers_get_the_template_of_their_script_and_the_others_their_drafts(
    run: Run, small_day: Warehouse
) -> None:
    day_of(run, small_day)
    found = written(small_day, "user_id, text, locale, rung, refusal, engine")
    assert found["u1"] == (
        "为您挑选了“Ice - Crushed/Cubed”。您买过“Potato Chips”，所以我们想到了它。价格：US$2.49，规格：22磅。",
        "zh_CN", "template", "unsupported_language", "none",
    )  # fmt: skip
    assert found["u2"] == (
        "為您挑選了「Ice - Crushed/Cubed」。您買過「Potato Chips」，所以我們想到了它。價格：US$2.49，規格：22磅。",
        "zh_TW", "template", "unsupported_language", "none",
    )  # fmt: skip
    assert {found[user][1:4] for user in ("u3", "late")} == {("en_US", "draft", None)}


def test_the_ledger_of_a_chinese_message_says_what_stands_in_it_and_the_gates_pass(
    run: Run, small_day: Warehouse
) -> None:
    day_of(run, small_day)
    claims = small_day.rows(
        "select slot, rendered, source_column, source_key from candidate.message_claims where user_id = 'u1' order by 1"
    )
    assert claims == [
        ("price", "US$2.49", "price", "item_id=ice"),
        ("reason_item", "Potato Chips", "title", "item_id=chips"),
        ("size", "22磅", "size", "item_id=ice"),
        ("title", "Ice - Crushed/Cubed", "title", "item_id=ice"),
    ]
    gates.check_messages(run, small_day)


def test_nothing_is_asked_of_a_model_in_a_language_that_it_does_not_write(run: Run, small_day: Warehouse) -> None:
    put(small_day, "candidate.audience", CHINESE)
    copywriting.prepare_copy(run, small_day)
    assert requests(run) == []


@pytest.mark.parametrize("locale", ["fr_FR", "xx_YY", "Klingon"])
def test_a_reader_of_a_locale_without_a_template_gets_the_shop_s_and_the_row_says_why(
    run: Run, small_day: Warehouse, locale: str
) -> None:
    put(small_day, "candidate.audience", [reader("u1", locale=locale), reader("u2"), *OTHERS])
    day_of(run, small_day)
    text, *others = written(small_day, "user_id, text, locale, rung, refusal")["u1"]
    assert text.startswith("We picked Ice - Crushed/Cubed for you.")
    assert others == ["en_US", "template", "unsupported_language"]
    assert written(small_day, "user_id, rung")["u2"] == "draft"
    gates.check_messages(run, small_day)


def test_readers_whom_the_model_cannot_write_to_do_not_count_against_the_ceiling_of_templates_and_others_do(
    run: Run, small_day: Warehouse
) -> None:
    many = [f"r{number:02}" for number in range(24)]
    put(small_day, "candidate.recommendations", [*LISTED, *(best(user, "ice") for user in many)])
    put(small_day, "candidate.audience", [*CHINESE, *OTHERS, *(reader(user, locale="zh_CN") for user in many)])
    day_of(run, small_day)
    gates.check_messages(run, small_day)
    put(small_day, "candidate.audience", [*CHINESE, *OTHERS, *(reader(user) for user in many)])
    small_day.execute("delete from copy.drafts")
    copywriting.render_messages(run, small_day)
    with pytest.raises(GateError, match="template_share_is_below_its_ceiling"):
        gates.check_messages(run, small_day)
