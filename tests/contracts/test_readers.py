"""Who reads the published tables stands in dbt's exposures, their names and types in contracts that dbt enforces."""

import re
from pathlib import Path

import pytest
import yaml

from overture.adapters.warehouse.contracts import MARTS, MODELS, contracts
from overture.settings import PACKAGE

READS = PACKAGE / "adapters" / "warehouse"
MODULES = {
    "crm_export": ["export_reads.py"],
    "day_report": ["report_queries.py", "copy_cost_reads.py"],
    "airflow_pages": ["message_reads.py", "health_reads.py"],
    "message_trail": ["trail_reads.py"],
}
"""Exposure -> where its queries stand."""


def exposures() -> dict[str, set[str]]:
    """Each reader's tables."""
    stated = yaml.safe_load((MODELS / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    return {
        exposure["name"]: {re.findall(r"'(\w+)'\)", table)[0] for table in exposure["depends_on"]}
        for exposure in stated
    }


def models() -> dict[str, Path]:
    return {path.stem: path for path in MARTS.glob("*/*.sql")}


@pytest.mark.parametrize("reader", MODULES)
def test_a_reader_is_said_to_read_what_its_queries_read(reader: str) -> None:
    text = "".join((READS / name).read_text(encoding="utf-8") for name in MODULES[reader])
    assert exposures()[reader] == set(re.findall(r"(?:from|join|\")\s*marts\.(\w+)", text))


def test_an_analyst_may_read_every_published_table() -> None:
    assert exposures()["analysts_queries"] == set(contracts())


def test_every_model_of_the_marts_has_its_names_and_types_enforced_by_dbt() -> None:
    stated = {
        model["name"]: model.get("config", {}).get("contract", {}).get("enforced")
        for path in MARTS.glob("*/*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }
    assert stated == dict.fromkeys(models(), True)


def test_every_column_of_every_model_says_what_it_holds() -> None:
    silent = [
        f"{model['name']}.{column['name']}"
        for path in MODELS.glob("**/*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
        for column in model["columns"]
        if not column.get("description", "").strip().endswith(".")
    ]
    assert silent == []
