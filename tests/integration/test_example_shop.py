"""The shop of docs/worked-example.md, from its files to published messages, with the real language model."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest

from overture import steps
from overture.adapters.catalog import open_catalog
from overture.adapters.sources import load_source
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.configuration import load_config
from overture.run import Joining
from overture.settings import CHECKOUT, Settings

pytestmark = pytest.mark.slow

SOURCE = CHECKOUT / "scripts" / "example_shop.toml"
DAY, USERS = date(2025, 3, 20), 12
TOKYO = timedelta(hours=9)


@pytest.fixture(scope="module")
def shop(module_settings: Settings, converted: Settings) -> Iterator[Warehouse]:
    """The lake of the shop with one day published."""
    settings = replace(module_settings, source=SOURCE, copy_python=converted.copy_python)
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.models.symlink_to(converted.models)
    script = str(CHECKOUT / "scripts" / "example_shop.py")
    subprocess.run([sys.executable, script, str(settings.landing / "yanaka"), "--users", "60"], check=True)
    with open_catalog(settings):
        run = steps.open_run(settings, DAY)
        for name in takewhile(lambda name: name != "write_report", steps.STEPS):
            steps.perform(name, settings, DAY, Joining(run.run_id, USERS))
    with open_warehouse(settings, read_only=True) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def events(shop: Warehouse) -> list[dict[str, Any]]:
    """What the shop's files hold up to the day, good rows alone, each event once."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(shop.settings.landing.glob("yanaka/*/events.jsonl")):
        for event in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            is_good = event["action"] in {"view", "cart", "purchase"} and event["at"] != "midnight"
            if is_good and path.parent.name <= str(DAY):
                found.setdefault(event["id"], event | {"file_day": date.fromisoformat(path.parent.name)})
    return list(found.values())


def test_the_day_is_published_with_a_message_for_each_reader(shop: Warehouse) -> None:
    assert shop.rows("select data_day, count(*) from marts.messages group by all") == [(DAY, USERS)]
    assert shop.rows("select step, expectation from marts.validations where not success") == []


def test_every_price_is_in_yen_without_decimals(shop: Warehouse) -> None:
    prices = shop.rows(
        """
        select claims.rendered, facts.price, facts.currency, contains(messages.text, claims.rendered)
        from marts.message_claims as claims
        inner join marts.messages as messages using (data_day, user_id, item_id)
        inner join marts.item_facts as facts using (data_day, item_id)
        where claims.slot = 'price'
        """
    )
    assert len(prices) >= USERS // 2
    for rendered, price, currency, is_said in prices:
        assert (rendered, currency, is_said) == (f"¥{price:,.0f}", "JPY", True)
    texts = " ".join(text for (text,) in shop.rows("select text from marts.messages"))
    assert re.findall(r"[$€£]|USD|\d\.\d\d\b", texts) == []


def test_readers_of_chinese_get_chinese_and_the_others_what_the_model_wrote(shop: Warehouse) -> None:
    rows = shop.rows("select locale, text, rung from marts.messages")
    chinese = [(text, rung) for locale, text, rung in rows if locale == "zh_TW"]
    assert 0 < len(chinese) < len(rows)
    assert all(text.startswith("為您挑選了") and rung == "template" for text, rung in chinese)
    english = [(text, rung) for locale, text, rung in rows if locale != "zh_TW"]
    assert not any(re.search(r"[\u4e00-\u9fff]", text) for text, _ in english)
    assert any(rung == "draft" for _, rung in english)


def test_a_day_is_that_of_tokyo(shop: Warehouse, events: list[dict[str, Any]]) -> None:
    rows = shop.rows("select event_id, data_day, occurred_at from raw.events")
    landed = {event_id: (data_day, at) for event_id, data_day, at in rows}
    said = {event["id"]: (event["file_day"], datetime.fromisoformat(event["at"]) - TOKYO) for event in events}
    assert landed == said
    # Before nine in the morning there, the day of UTC is still the one before.
    assert any(at.date() < day for day, at in landed.values())
    assert all(at.date() <= day for day, at in landed.values())


def test_what_is_viewed_put_into_the_cart_and_bought_weighs_as_the_source_says(
    shop: Warehouse, events: list[dict[str, Any]]
) -> None:
    half_life = load_config("interactions")["half_life_days"]
    weights = load_source(SOURCE).event_weights
    assert weights == {"view": 0.1, "cart": 0.4, "purchase": 1.0}
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for event in events:
        age = (DAY - (datetime.fromisoformat(event["at"]) - TOKYO).date()).days
        expected[event["customer"], event["product"]] += weights[event["action"]] * 0.5 ** (age / half_life)
    rows = shop.rows(
        "select user_id, item_id, weight from intermediate.int_interactions_weighted where data_day = ?", [DAY]
    )
    assert {(user, item): weight for user, item, weight in rows} == pytest.approx(dict(expected), abs=1e-6)


def test_bad_rows_are_set_aside_with_what_is_wrong_with_them(shop: Warehouse) -> None:
    rows = shop.rows(
        "select column_name, value, count(*) from raw.quarantine where entity = 'events' group by all order by all"
    )
    assert [(column, value) for column, value, _ in rows] == [("event_type", "wish"), ("occurred_at", "midnight")]
    assert rows[0][2] == rows[1][2] >= 15


def test_nobody_is_written_to_without_consent(shop: Warehouse) -> None:
    refused = shop.rows("select count(*) from marts.audience where not has_consent and data_day = ?", [DAY])
    assert refused[0][0] > 0
    assert shop.rows(
        "select count(*) from marts.messages inner join marts.audience using (data_day, user_id) where not has_consent"
    ) == [(0,)]


def test_the_week_s_offer_holds_for_everyone(shop: Warehouse) -> None:
    offers = shop.rows(
        "select distinct offer_id, audience, starts_on, ends_on from marts.item_offers where data_day = ?", [DAY]
    )
    assert offers == [("week-250317", "everyone", date(2025, 3, 17), date(2025, 3, 23))]
