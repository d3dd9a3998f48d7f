"""The tables' schemas, read from where they are stated once: the YAML of the dbt project."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from overture.adapters.warehouse.names import quoted
from overture.errors import SettingsError
from overture.settings import CHECKOUT

MODELS = CHECKOUT / "dbt_project" / "models"
MARTS = MODELS / "marts"

DIARIES = frozenset({"validations", "run_costs"})
"""Tables that are written while a run goes on, so that a refused run can be seen; all others only by publish."""


@dataclass(frozen=True)
class Column:
    """One column of a table; `data_type` in DuckDB's words.

    is_measured: it holds what the run itself took (seconds, memory, tokens), which no second run repeats.
    made_of: the columns that a Python step makes it of, each as `schema.table.column`.
    """

    name: str
    data_type: str
    description: str
    is_measured: bool = False
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """One table: its grain is in `description`, its columns in order."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def columns_sql(self) -> str:
        """What stands between the parentheses of CREATE TABLE."""
        return ", ".join(f"{quoted(column.name)} {column.data_type}" for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name; raise KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


@cache
def contracts() -> dict[str, Contract]:
    """Return every published table's contract by name; raise SettingsError for YAML that states none."""
    found: dict[str, Contract] = {}
    for path in sorted(MARTS.glob("*/*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        tables = list(content.get("models", []))
        tables += [table for source in content.get("sources", []) for table in source.get("tables", [])]
        for table in tables:
            found[table["name"]] = _contract(table, path)
    return found


@cache
def landed_contracts() -> dict[str, Contract]:
    """Return the contracts of the tables that steps write and dbt reads or leaves alone, by `schema.name`.

    They are the sources of the dbt project outside the marts: raw, copy and ops.
    """
    found: dict[str, Contract] = {}
    for path in sorted(MODELS.glob("*/**/*sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                found[f"{source['schema']}.{table['name']}"] = _contract(table, path)
    return found


def contract_of(table: str) -> Contract:
    """Return the contract of `schema.table`; raise SettingsError when nothing states it.

    A published table has one contract for its candidate and for what is published.
    """
    schema, _, name = table.partition(".")
    found, wanted = (contracts(), name) if schema in ("candidate", "marts") else (landed_contracts(), table)
    try:
        return found[wanted]
    except KeyError:
        raise SettingsError("no contract", where=MODELS, expected=", ".join(sorted(found)), got=table) from None


def _contract(table: dict[str, object], path: Path) -> Contract:
    columns = table.get("columns")
    if not isinstance(columns, list) or not all("data_type" in column for column in columns):
        raise SettingsError("a contract without column types", where=path, expected="name and data_type of each column")
    return Contract(
        str(table["name"]),
        str(table.get("description", "")).strip(),
        tuple(_column(column) for column in columns),
    )


def _column(stated: Mapping[str, Any]) -> Column:
    meta = stated.get("config", {}).get("meta", {})
    description = str(stated.get("description", "")).strip()
    is_measured, made_of = bool(meta.get("is_measured", False)), tuple(meta.get("made_of", ()))
    return Column(stated["name"], stated["data_type"], description, is_measured, made_of)
