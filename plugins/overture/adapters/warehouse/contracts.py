"""The published tables' schemas, read from where they are stated once: the YAML beside each mart."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from overture.errors import SettingsError
from overture.settings import CHECKOUT

MARTS = CHECKOUT / "dbt_project" / "models" / "marts"

DIARIES = frozenset({"validations", "run_costs"})
"""Tables that are written while a run goes on, so that a refused run can be seen; all others only by publish."""


@dataclass(frozen=True)
class Column:
    """One column of a published table; `data_type` in DuckDB's words.

    is_measured: it holds what the run itself took (seconds, memory, tokens), which no second run repeats.
    """

    name: str
    data_type: str
    description: str
    is_measured: bool = False


@dataclass(frozen=True)
class Contract:
    """One published table: its grain is in `description`, its columns in order."""

    name: str
    description: str
    columns: tuple[Column, ...]


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


def contract_of(table: str) -> Contract:
    """Return one table's contract; raise SettingsError when nothing states it."""
    try:
        return contracts()[table]
    except KeyError:
        raise SettingsError("no contract", where=MARTS, expected=", ".join(sorted(contracts())), got=table) from None


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
    is_measured = bool(stated.get("config", {}).get("meta", {}).get("is_measured", False))
    return Column(stated["name"], stated["data_type"], str(stated.get("description", "")).strip(), is_measured)
