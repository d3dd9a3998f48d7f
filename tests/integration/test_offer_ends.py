"""Whom an offer is told to: those whom it is for, while it lasts."""

from datetime import date

import pytest

from copy_day import DAY, GOOD, answer, put, written
from overture import copywriting
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_reads import read_recipients
from overture.run import Run


def offer(offer_id: str, item_id: str, audience: str, starts_on: date, ends_on: date) -> dict[str, object]:
    span = {"starts_on": starts_on, "ends_on": ends_on}
    return {"data_day": DAY, "offer_id": offer_id, "item_id": item_id, "audience": audience} | span


@pytest.fixture
def lake(small_day: Warehouse) -> Warehouse:
    start, end = date(2017, 11, 1), date(2017, 12, 3)
    offers = [
        offer("to-some", "ice", "targeted", start, end),
        offer("to-some-longer", "ice", "targeted", start, date(2017, 12, 24)),
        offer("to-all", "chips", "everyone", start, DAY),
        offer("over", "hostile", "everyone", start, date(2017, 11, 27)),
        offer("to-come", "hostile", "everyone", date(2017, 11, 29), end),
    ]
    put(small_day, "candidate.item_offers", offers)
    small_day.execute(
        "insert into intermediate.int_offers_delivered values (?, 'to-some', 'u1'), (?, 'to-some-longer', 'u1'),"
        " (?, 'to-some', 'u2'), ('2017-11-27', 'to-some-longer', 'u2')",
        [DAY, DAY, DAY],
    )
    return small_day


def test_each_reader_is_told_the_last_of_the_offers_that_are_for_them(lake: Warehouse) -> None:
    told = {who.user_id: (who.offer_id, who.offer_ends_on) for who in read_recipients(lake, DAY, 9, 3)}
    assert told == {
        "late": (None, None),
        "u1": ("to-some-longer", date(2017, 12, 24)),
        "u2": ("to-some", date(2017, 12, 3)),
        "u3": ("to-all", DAY),
    }


def test_a_message_says_until_when_and_the_ledger_which_offer(small_run: Run, lake: Warehouse) -> None:
    copywriting.prepare_copy(small_run, lake)
    answer(small_run, GOOD)
    copywriting.render_messages(small_run, lake)
    texts = written(lake)
    assert texts["u3"].endswith("There is an offer on this until November 28.")
    assert "offer" not in texts["late"]
    claims = lake.rows(
        "select user_id, rendered, source_table, source_column, source_key from candidate.message_claims"
        " where slot = 'offer_end' order by user_id"
    )
    assert claims == [
        ("u1", "December 24", "marts.item_offers", "ends_on", "offer_id=to-some-longer item_id=ice"),
        ("u2", "December 3", "marts.item_offers", "ends_on", "offer_id=to-some item_id=ice"),
        ("u3", "November 28", "marts.item_offers", "ends_on", "offer_id=to-all item_id=chips"),
    ]
