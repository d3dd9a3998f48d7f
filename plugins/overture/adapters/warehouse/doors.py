"""What a connection that only reads may reach: the lake's own files, through statements that only read.

Two fences, each enough for most of it: DuckDB's own locks on the connection, and a look at the parsed statement. The
locks alone would let a COPY write into the lake's folder, whose files must be readable.
"""

import json
import re
from pathlib import Path
from typing import Any

import duckdb

from overture.adapters.warehouse.names import literal
from overture.errors import UsageError
from overture.settings import Settings

TABLE_FUNCTIONS = frozenset(
    {
        "range",
        "generate_series",
        "unnest",
        "repeat",
        "json_each",
        "json_tree",
        "duckdb_columns",
        "duckdb_functions",
        "duckdb_schemas",
        "duckdb_tables",
        "duckdb_views",
        "pg_timezone_names",
        "ducklake_snapshots",
        "ducklake_current_snapshot",
        "ducklake_table_info",
        "snapshots",
        "current_snapshot",
        "table_info",
    }
)
"""Functions that a query may read from. Others read files, call the catalog's server, change the lake, or run texts."""

REFUSED_FUNCTIONS = frozenset({"current_setting", "getenv", "nextval", "write_log"})
"""Scalar functions that tell of the machine or leave something behind."""

SCHEMAS = frozenset({"raw", "staging", "intermediate", "candidate", "marts", "copy", "ops", "information_schema"})

EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?", re.IGNORECASE)


def close_the_doors(connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path | None = None) -> None:
    """Let `connection` reach no file but the lake's and those in `folder`, load nothing, attach nothing, for good."""
    folders = [settings.warehouse, *([folder] if folder else [])]
    connection.execute(f"set allowed_directories = [{', '.join(literal(f'{each}/') for each in folders)}]")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def require_selection(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise UsageError unless `sql`, ours or a caller's, is one SELECT, or begins or ends a transaction."""
    types = [statement.type for statement in connection.extract_statements(sql)]
    if types not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.TRANSACTION]):
        raise UsageError("a connection that only reads", expected="one statement that only reads", got=sql)


def require_reading(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise UsageError unless `sql` is one SELECT, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of such over the lake's tables.

    DuckDB's own parser says what stands in it, so that no spelling hides anything.
    """
    explained = EXPLAIN.match(sql)
    parsed = connection.execute(
        "select json_serialize_sql($sql::varchar)", {"sql": sql[explained.end() :] if explained else sql}
    ).fetchall()
    tree = json.loads(parsed[0][0])
    if tree["error"] and tree["error_type"] == "parser":
        raise UsageError("the query does not run", where="overture query", got=tree["error_message"])
    if tree["error"] or len(tree["statements"]) != 1:
        raise UsageError("not a query", where="overture query", expected="one statement that only reads", got=sql)
    _look(tree["statements"][0], frozenset())


def _look(part: Any, names: frozenset[str]) -> None:
    """Look at a part of the tree and all below it; `names` are those that WITH clauses around it define."""
    if isinstance(part, list):
        for each in part:
            _look(each, names)
    elif isinstance(part, dict):
        _look_at_node(part, names)


def _look_at_node(node: dict[str, Any], names: frozenset[str]) -> None:
    kind = node.get("type")
    if kind == "RECURSIVE_CTE_NODE":
        names |= {node["cte_name"].lower()}
    for entry in (node.get("cte_map") or {}).get("map", []):
        # A query sees the ones before it, and itself only where it is recursive.
        _look(entry["value"], names)
        names |= {entry["key"].lower()}
    if kind == "TABLE_FUNCTION":
        _require(node["function"]["function_name"].lower() in TABLE_FUNCTIONS, node["function"]["function_name"])
    if kind == "BASE_TABLE":
        _require(_is_of_the_lake(node, names), _full_name(node))
    if node.get("class") == "FUNCTION":
        _require(node["function_name"].lower() not in REFUSED_FUNCTIONS, node["function_name"])
    for key, value in node.items():
        if key != "cte_map":
            _look(value, names)


def _is_of_the_lake(table: dict[str, Any], names: frozenset[str]) -> bool:
    catalog, schema = table["catalog_name"].lower(), table["schema_name"].lower()
    if not schema:
        return table["table_name"].lower() in names
    return catalog in ("", "lake") and schema in SCHEMAS


def _full_name(table: dict[str, Any]) -> str:
    return ".".join(filter(None, (table["catalog_name"], table["schema_name"], table["table_name"])))


def _require(is_allowed: bool, got: str) -> None:
    if not is_allowed:
        raise UsageError(
            "not for readers",
            where="overture query",
            expected="tables of the lake by schema and name, such as marts.messages, and functions that only compute",
            got=got,
        )
