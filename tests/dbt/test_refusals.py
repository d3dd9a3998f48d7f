from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from overture.adapters.transform import build_layer
from overture.errors import SettingsError, TransformError, UsageError
from overture.settings import Settings

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake

DAY = date(2017, 3, 31)
STATED = {"currency": "USD", "event_weights": {"purchase": 1.0}}


def test_a_model_that_fails_is_named_with_its_reason_in_one_line(lake: SmallLake) -> None:
    before = lake.rows_of(DAY)
    lake.plant({"users": [{**lake.user(31, "carl", True), "has_consent": None}]})
    with pytest.raises(TransformError) as caught:
        lake.build(layers=("marts",))
    lake.remove("users where user_id = 'carl'")
    message = str(caught.value)
    assert "model audience, 2017-03-31" in message
    assert "has_consent" in message
    assert "\n" not in message
    assert lake.rows_of(DAY) == before


def test_a_data_test_that_fails_is_named_with_what_it_saw(lake: SmallLake) -> None:
    lake.plant({"offers": [lake.offer(31, "odd", "tea", audience="whoever")]})
    with pytest.raises(TransformError, match=r"test only_values_item_offers_audience.*Got 1 result"):
        lake.build(layers=("marts",))
    lake.remove("offers where offer_id = 'odd'")


def test_a_hostile_event_type_is_a_type_like_any_other(lake: SmallLake) -> None:
    kind = "it's {{ a }} 'type'"
    lake.plant({"events": [lake.event(31, "anna", "nut", event_type=kind)]})
    build_layer(lake.settings, "intermediate", DAY, {"currency": "USD", "event_weights": {kind: 0.5}})
    found = lake.rows("select user_id, item_id, weight from intermediate.int_interactions_weighted")
    lake.remove("events where item_id = 'nut'")
    assert found == [("anna", "nut", 0.5)]


def test_a_lake_without_landed_tables_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(TransformError, match=r"model stg_shop__\w+, 2017-03-31; got: Catalog Error"):
        build_layer(settings, "staging", DAY, STATED)


def test_an_unknown_layer_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="expected: staging, intermediate, marts; got: seeds"):
        build_layer(settings, "seeds", DAY, STATED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("half_life_days", 0),
        ("half_life_days", "1; drop table x"),
        ("active_days", True),
        ("preferred_tags", 2.5),
        ("most_tastes", 0),
        ("buying_event_types", "purchase"),
        ("event_weights", {}),
        ("event_weights", {"purchase": "much"}),
        ("event_weights", {"purchase": float("nan")}),
        ("event_weights", {"purchase": -1}),
        ("event_weights", {"purchase": 1e300}),
        ("currency", None),
    ],
)
def test_a_bad_variable_is_refused_before_dbt_starts(settings: Settings, name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"where: {name}"):
        build_layer(settings, "staging", DAY, {**STATED, name: value})
    assert not (settings.home / "dbt").exists()


def test_the_callers_environment_and_folder_are_as_before(lake: SmallLake) -> None:
    environment, folder = dict(os.environ), Path.cwd()
    lake.build(layers=("staging",))
    assert dict(os.environ) == environment
    assert Path.cwd() == folder
