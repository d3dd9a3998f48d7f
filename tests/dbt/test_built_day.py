from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from overture.adapters.transform import PROJECT, run_unit_tests

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake


def test_every_unit_test_beside_the_models_passes(lake: SmallLake) -> None:
    written = [
        test["name"]
        for path in (PROJECT / "models").rglob("*.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("unit_tests", [])
    ]
    report = run_unit_tests(lake.settings, lake.day, lake.stated)
    assert sorted(node.name for node in report.nodes) == sorted(written)
    assert len(written) >= 15


def test_item_facts_hold_one_row_for_each_item_known_on_the_day(lake: SmallLake) -> None:
    found = lake.rows(
        "select item_id, price, typical_price, currency, is_available, buyers_28d, last_sold_on"
        " from candidate.item_facts where data_day = ? and item_id <> ? order by item_id",
        lake.day,
        lake.hostile,
    )
    assert found == [
        ("jam", Decimal(3), Decimal(3), "USD", True, 1, date(2017, 3, 31)),
        ("nut", Decimal(3), None, "USD", False, 0, None),
        ("tea", Decimal(4), Decimal(3), "USD", True, 2, date(2017, 3, 31)),
    ]


def test_only_the_user_who_agreed_and_was_active_is_eligible(lake: SmallLake) -> None:
    found = lake.rows(
        "select user_id, has_consent, favourite_department, spend_28d, is_eligible"
        " from candidate.audience where data_day = ? and user_id <> ? order by user_id",
        lake.day,
        lake.hostile,
    )
    assert found == [("anna", True, "GROCERY", Decimal(4), True), ("bert", False, "GROCERY", Decimal(3), False)]


def test_shares_of_spend_are_of_all_that_the_user_spent(lake: SmallLake) -> None:
    found = lake.rows(
        "select tag, rank, share_of_spend from candidate.user_preferences"
        " where user_id = 'anna' and kind = 'category' order by rank"
    )
    assert found == [("tea and the like", 1, 0.75), ("jam and the like", 2, 0.25)]


def test_an_event_that_arrives_on_two_days_counts_once(lake: SmallLake) -> None:
    arrivals = lake.rows("select data_day from intermediate.int_events_cleaned where event_id = '3-30-anna-tea'")
    counted = lake.rows(
        "select event_count from intermediate.int_interactions_weighted where user_id = 'anna' and item_id = 'tea'"
    )
    assert len(lake.rows("select 1 from raw.events where event_id = '3-30-anna-tea'")) == 2
    assert arrivals == [(date(2017, 3, 30),)]
    assert counted == [(1,)]


def test_hostile_text_is_carried_as_text(lake: SmallLake) -> None:
    facts = lake.rows("select title, department from candidate.item_facts where item_id = ?", lake.hostile)
    favourite = lake.rows("select favourite_department from candidate.audience where user_id = ?", lake.hostile)
    assert facts == [(lake.hostile, lake.hostile)]
    assert favourite == [(lake.hostile,)]
    assert lake.rows("select count(*) from raw.items") == [(5,)]


@pytest.mark.parametrize("table", ["item_facts", "item_offers", "user_preferences", "user_signatures", "audience"])
def test_a_mart_has_exactly_the_columns_of_its_contract(lake: SmallLake, table: str) -> None:
    path = PROJECT / "models" / "marts" / table / f"{table}.yml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]
    found = lake.rows(
        "select column_name, data_type, not is_nullable from duckdb_columns()"
        " where database_name = 'lake' and schema_name = 'candidate' and table_name = ? order by column_index",
        table,
    )
    stated = [(c["name"], c["data_type"].upper(), "constraints" in c) for c in contract["columns"]]
    assert contract["config"]["contract"] == {"enforced": True}
    assert found == stated


def test_a_build_writes_nothing_into_the_checkout(lake: SmallLake) -> None:
    made = {"target", "logs", "dbt_packages", "package-lock.yml", ".user.yml"}
    assert made.isdisjoint(path.name for path in PROJECT.iterdir())
    assert (lake.settings.home / "dbt" / "target").is_dir()
    assert not (Path.cwd() / "logs").exists()
