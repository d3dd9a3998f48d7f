from datetime import date
from pathlib import Path

import pytest

from overture.adapters.sources import Source, load_source
from overture.errors import DayRangeError, SettingsError
from overture.settings import PACKAGE

BUNDLED = PACKAGE / "config" / "sources" / "complete_journey.toml"

SHOP = """
name = "shop"
currency = "EUR"
timezone = "Europe/Paris"
first_day = 2024-05-01
last_day = 2024-05-31
[events]
files = "{data_day}/events.csv"
format = "csv"
max_quarantined_share = 0.1
[events.columns]
event_id = "id"
user_id = "user"
item_id = "item"
event_type = { column = "what", values = { B = "purchase" } }
occurred_at = "at"
[events.types]
purchase = 1
view = 0.1
[items]
files = "{data_day:%Y/%m/%d}/items.csv"
format = "csv"
max_quarantined_share = 0.0
[items.columns]
item_id = "item"
title = { columns = ["maker", "name"] }
category = "shelf"
brand = "maker"
price = "price"
available = { value = "true" }
valid_from = { data_day = true }
[users]
files = "https://shop.example/{data_day}/users.jsonl"
format = "jsonl"
max_quarantined_share = 1.0
[users.columns]
user_id = "user"
has_consent = "consent"
locale = { value = "fr_FR" }
valid_from = "since"
"""


def source_of(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


def test_a_source_says_its_files_columns_weights_and_shares(tmp_path: Path) -> None:
    source = source_of(tmp_path, SHOP)
    assert source.event_weights == {"purchase": 1.0, "view": 0.1}
    assert source.max_quarantined_share == {"events": 0.1, "items": 0.0, "users": 1.0}
    assert source.entities["items"].file_columns == ("item", "maker", "name", "shelf", "price")
    assert source.entities["items"].address(date(2024, 5, 9)) == "2024/05/09/items.csv"
    assert source.entities["users"].address(date(2024, 5, 9)) == "https://shop.example/2024-05-09/users.jsonl"
    assert (source.currency, source.timezone, source.is_bundled) == ("EUR", "Europe/Paris", False)


def test_the_bundled_source_is_a_source_like_any_other() -> None:
    source = load_source(BUNDLED)
    assert (source.first_day, source.last_day) == (date(2017, 1, 1), date(2018, 1, 1))
    assert source.is_bundled
    assert set(source.entities) == {"events", "items", "users", "offers", "feedback"}


@pytest.mark.parametrize("day", [date(2024, 4, 30), date(2024, 6, 1)])
def test_a_day_outside_the_range_is_refused_with_the_range(tmp_path: Path, day: date) -> None:
    with pytest.raises(DayRangeError, match=r"2024-05-01 to 2024-05-31; got: " + str(day)) as error:
        source_of(tmp_path, SHOP).require_day(day)
    assert error.value.exit_code == 2


def test_without_a_first_day_no_history_is_asked_for(tmp_path: Path) -> None:
    source = source_of(tmp_path, SHOP.replace("first_day = 2024-05-01", "").replace("last_day = 2024-05-31", ""))
    source.require_day(date(1999, 1, 1))
    assert source.days_until(date(1999, 1, 1)) == [date(1999, 1, 1)]


def test_with_a_first_day_every_day_from_it_on_is_asked_for(tmp_path: Path) -> None:
    days = source_of(tmp_path, SHOP).days_until(date(2024, 5, 3))
    assert days == [date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 3)]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "shop"', 'name = "../shop"', "name"),
        ('name = "shop"', "", "name"),
        ('name = "shop"', "name = 7", "name"),
        ('currency = "EUR"', 'currency = "euro"', "currency"),
        ("Europe/Paris", "Europe/Atlantis", "timezone"),
        ("Europe/Paris", "../../etc/passwd", "timezone"),
        ("first_day = 2024-05-01", "first_day = 2024-05-01T00:00:00", "first_day"),
        ("first_day = 2024-05-01", "first_day = 2024-06-01", "last_day"),
        ("first_day = 2024-05-01", 'closed_days = ["christmas"]', "closed_days"),
        ('currency = "EUR"', 'currency = "EUR"\ncurency = "EUR"', "curency"),
        ("{data_day}/events.csv", "events.csv", "events.files"),
        ("{data_day}/events.csv", "../{data_day}/events.csv", "events.files"),
        ('format = "csv"', 'format = "xlsx"', "events.format"),
        ("max_quarantined_share = 0.1", "max_quarantined_share = 1.1", "events.max_quarantined_share"),
        ("max_quarantined_share = 0.1", "max_quarantined_share = nan", "events.max_quarantined_share"),
        ("max_quarantined_share = 0.1", 'max_quarantined_share = 0.1\nencoding = "utf-7777"', "events.encoding"),
        ("max_quarantined_share = 0.1", 'max_quarantined_share = 0.1\ndelimiter = ",,"', "events.delimiter"),
        ("max_quarantined_share = 0.1", "max_quarantined_share = 0.1\nnulls = [7]", "events.nulls"),
        ('event_id = "id"', "", "events.columns.event_id"),
        ('event_id = "id"', 'event_id = ""', "events.columns.event_id"),
        ('event_id = "id"', 'event_id = "i\\u0000d"', "events.columns.event_id"),
        ('event_id = "id"', "event_id = 7", "events.columns.event_id"),
        ('event_id = "id"', "event_id = {}", "events.columns.event_id"),
        ('event_id = "id"', 'event_id = { column = "id", value = "7" }', "events.columns.event_id"),
        ('event_id = "id"', 'event_id = { column = "id", sql = "now()" }', "events.columns.event_id.sql"),
        ('event_id = "id"', 'event_id = "id"\nevent_colour = "red"', "events.columns.event_colour"),
        ("view = 0.1", "view = -1", "events.types.view"),
        ("view = 0.1", "view = inf", "events.types.view"),
        ("view = 0.1", 'view = "much"', "events.types.view"),
        ("purchase = 1\nview = 0.1", "", "events.types"),
        ("[users]", "[customers]", "users.max_quarantined_share"),
    ],
)
def test_a_wrong_entry_is_refused_and_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in SHOP
    with pytest.raises(SettingsError) as error:
        source_of(tmp_path, SHOP.replace(old, new))
    assert str(error.value.where) == f"{tmp_path / 'shop.toml'}, {named}"
    assert error.value.exit_code == 2


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"not TOML.*shop\.toml"):
        source_of(tmp_path, "name = ")


def test_a_source_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_source(tmp_path / "nowhere.toml")
