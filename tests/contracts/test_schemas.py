import re

import pytest

from overture.adapters.canonical import ENTITIES
from overture.adapters.warehouse.contracts import contract_of, landed_contracts
from overture.adapters.warehouse.landing import TABLES
from overture.settings import CHECKOUT, PACKAGE

# A lake table made with column types in Python; tables of one connection (temp) and of the catalog's server are none.
STATED = re.compile(
    r"create\s+(?:or\s+replace\s+)?table\s+(?:if\s+not\s+exists\s+)?[^(\n]*\([^)]*\b"
    r"(?:varchar|bigint|integer|int|double|boolean|date|timestamp|decimal)\b",
    re.IGNORECASE,
)
STORED_AS = {
    "text": "varchar",
    "locale": "varchar",
    "number": "double",
    "money": "decimal(12, 2)",
    "flag": "boolean",
    "date": "date",
    "instant": "timestamp",
}


def test_no_lake_table_states_its_types_in_python() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path.name != "fences.py"]
    assert modules
    assert [path.name for path in modules if STATED.search(path.read_text(encoding="utf-8"))] == []


def test_the_search_for_stated_types_finds_them() -> None:
    assert STATED.search('f"create table if not exists {RUNS} (run_id varchar, token bigint)"')
    assert not STATED.search('f"create temp table records (file_position integer)"')


OPERATIONS = (
    "approvals",
    "champions",
    "copy_models",
    "rankers",
    "recall_lifts",
    "recalled_messages",
    "recalls",
    "runs",
    "write_locks",
)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=list(ENTITIES))
def test_a_raw_table_has_the_columns_of_its_entity_in_types_that_its_texts_are_read_as(entity) -> None:  # type: ignore[no-untyped-def]
    found = {column.name: column.data_type for column in contract_of(f"raw.{entity.name}").columns}
    expected = {column.name: STORED_AS[column.kind] for column in entity.columns}
    assert found == {"data_day": "date", **expected, "source_file": "varchar", "source_row": "bigint"}


def test_every_table_outside_the_marts_is_stated_once_with_what_it_and_its_columns_mean() -> None:
    stated = landed_contracts()
    copies = {"copy.canaries", "copy.canaries_sent", "copy.drafts"}
    assert set(stated) == {*TABLES, *copies, *(f"ops.{name}" for name in OPERATIONS)}
    assert [name for name, contract in stated.items() if not contract.description.startswith("One row")] == []
    assert [(t, c.name) for t, contract in stated.items() for c in contract.columns if not c.description] == []


def test_dbt_models_read_only_sources_whose_columns_are_stated() -> None:
    models = (CHECKOUT / "dbt_project" / "models").rglob("*.sql")
    used = {
        f"{schema}.{table}"
        for path in models
        for schema, table in re.findall(r"source\('(\w+)', '(\w+)'\)", path.read_text(encoding="utf-8"))
    }
    assert used
    assert used <= set(landed_contracts())
