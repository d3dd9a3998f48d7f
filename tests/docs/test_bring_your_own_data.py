import re
from datetime import date, datetime
from decimal import Decimal

from overture.adapters.sources import load_source
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.landing import EntityCount, land_day
from overture.settings import CHECKOUT, Settings

PAGE = CHECKOUT / "docs" / "bring-your-own-data.md"
BLOCK = re.compile(r"```(?:toml|csv)\n# file: (\S+)\n(.*?)```", re.DOTALL)
DAY = date(2024, 5, 1)


def test_the_example_on_the_page_lands_as_the_page_says(settings: Settings, warehouse: Warehouse) -> None:
    files = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    folder = settings.landing / "my_shop"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")

    report = land_day(warehouse, load_source(folder / "my_shop.toml"), settings.landing, DAY)

    assert report.entities == {
        "events": EntityCount(rows=5, quarantined=1, duplicates=1),
        "items": EntityCount(rows=2, quarantined=0, duplicates=0),
        "users": EntityCount(rows=2, quarantined=0, duplicates=0),
    }
    assert warehouse.rows("select event_id, event_type, occurred_at, quantity, value from raw.events order by 1") == [
        ("100-1", "purchase", datetime.fromisoformat("2024-05-01T07:30:00"), 2.0, Decimal("7.80")),
        ("100-2", "purchase", datetime.fromisoformat("2024-05-01T07:30:00"), 1.0, Decimal("3.10")),
        ("101-1", "view", datetime.fromisoformat("2024-05-01T21:45:00"), None, None),
    ]
    assert warehouse.rows("select source_file, source_row, column_name, value, reason from raw.quarantine") == [
        ("2024-05-01/orders.csv", 5, "occurred_at", "yesterday", "is not a time")
    ]
    assert warehouse.rows("select title, price, available, valid_from from raw.items order by item_id") == [
        ('Moulin Vert Crêpes "extra", fines', Decimal("3.90"), True, DAY),
        ("Laiterie Butter", Decimal("3.10"), False, DAY),
    ]
    assert warehouse.rows("select user_id, has_consent, locale, age_band from raw.users order by user_id") == [
        ("c1", True, "fr_FR", "35-44"),
        ("c2", False, "fr_FR", None),
    ]
