"""A mart gains a column: the contract in a copied project is changed, and days go on being made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import yaml

from overture.adapters import transform
from overture.adapters.warehouse import Warehouse, contracts, fences, open_warehouse, publish, runs
from overture.adapters.warehouse.query import query
from overture.run import Run
from overture.settings import CHECKOUT, Settings

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake

DAY, NEXT_DAY = date(2017, 3, 31), date(2017, 4, 1)
MADE_BY_STEPS = ("recommendations", "recommendation_reasons", "drops", "messages", "message_claims", "model_metrics")
BOTH = "select data_day, offer_id, item_id, ends_on from marts.item_offers where data_day = '2017-03-31' order by all"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the dbt project, which steps and dbt read in place of ours."""
    copied = tmp_path / "dbt_project"
    shutil.copytree(CHECKOUT / "dbt_project", copied, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(transform, "PROJECT", copied)
    monkeypatch.setattr(contracts, "MODELS", copied / "models")
    monkeypatch.setattr(contracts, "MARTS", copied / "models" / "marts")
    contracts.contracts.cache_clear()
    yield copied
    contracts.contracts.cache_clear()


def add_columns(project: Path) -> None:
    """State one more column of a mart that a step makes, and of one that dbt makes."""
    marts = project / "models" / "marts"
    for name, column in (("messages", "tone"), ("item_offers", "days_left")):
        path = marts / name / f"{name}.yml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        [table] = content.get("models") or content["sources"][0]["tables"]
        data_type = {"tone": "varchar", "days_left": "bigint"}[column]
        table["columns"].append({"name": column, "data_type": data_type, "description": "New."})
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    model = marts / "item_offers" / "item_offers.sql"
    text = model.read_text(encoding="utf-8")
    assert "    terms.value\nfrom announced" in text
    grown = "    terms.value,\n    terms.ends_on - {{ data_day() }} as days_left\nfrom announced"
    model.write_text(text.replace("    terms.value\nfrom announced", grown), encoding="utf-8")
    contracts.contracts.cache_clear()


def publish_as(settings: Settings, run_id: str, day: date, **message: Any) -> None:
    """Write the day's message, leave the other tables that steps make empty, and publish what dbt has built."""

    def empty(lake: Warehouse, table: str) -> None:
        lake.replace_day(f"candidate.{table}", day, pa.table({"data_day": pa.array([], pa.date32())}))

    with open_warehouse(settings) as lake:
        begun = runs.open_run(lake, day, run_id, "configuration")
        for table in MADE_BY_STEPS:
            empty(lake, table)
        rows = {"data_day": [day], "user_id": ["anna"], **{name: [value] for name, value in message.items()}}
        lake.replace_day("candidate.messages", day, pa.table(rows))
        run = Run(settings, day, None, begun.run_id, begun.token)
        lake.attempt = fences.begin_step(lake.catalog.lake, day, "publish_day", run.token, run.run_id)
        publish.publish_day(lake, run, (), judged=())


def test_a_new_column_of_a_mart_leaves_old_days_as_they_were_and_is_filled_from_then_on(
    lake: SmallLake, project: Path
) -> None:
    settings = lake.settings
    publish_as(settings, "before", DAY, text="Tea for you")
    before = query(settings, BOTH)
    assert before.num_rows == 1

    add_columns(project)
    lake.plant({"events": [lake.event(1, "anna", "jam", month=4, data_day=NEXT_DAY)]})
    lake.build(NEXT_DAY, ("intermediate", "marts"))
    publish_as(settings, "after", NEXT_DAY, text="Jam for you", tone="warm")

    assert query(settings, BOTH).equals(before)
    assert query(settings, "select user_id, text, tone from marts.messages order by data_day").to_pylist() == [
        {"user_id": "anna", "text": "Tea for you", "tone": None},
        {"user_id": "anna", "text": "Jam for you", "tone": "warm"},
    ]
    assert query(settings, "select days_left from marts.item_offers order by data_day").to_pylist() == [
        {"days_left": None},
        {"days_left": 274},
    ]
    then = query(settings, "from marts.messages", as_of_run="before")
    assert "tone" not in then.column_names
    assert then["text"].to_pylist() == ["Tea for you"]
    assert query(settings, BOTH, as_of_run="before").equals(before)

    lake.build(DAY, ("intermediate", "marts"))
    publish_as(settings, "again", DAY, text="Tea for you", tone="calm")
    again = query(settings, "select data_day, days_left from marts.item_offers order by data_day").to_pylist()
    assert [row["days_left"] for row in again] == [275, 274]
