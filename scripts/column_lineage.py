"""Print dbt_project/lineage.json, which column is made of which. Usage: scripts/column_lineage.py > FILE

For dbt's models that is found in their SQL; for the tables of Python steps it stands in their contracts (`made_of`).
A column is made of all columns that its expression names, through every CTE down to the tables that the model reads.
Left out is what only chooses rows: joins, filters of a query, and the order by which arg_max and arg_min pick a value.
"""

import copy
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from overture.adapters.sources import load_source  # noqa: E402 - found from the line above
from overture.adapters.transform import PROJECT  # noqa: E402
from overture.adapters.warehouse.contracts import DIARIES, Contract, contracts, landed_contracts  # noqa: E402
from overture.configuration import load_config  # noqa: E402
from overture.settings import PACKAGE  # noqa: E402
from prove.rendered_models import rendered  # noqa: E402

SCHEMAS = {"staging": "staging", "intermediate": "intermediate", "marts": "candidate"}
"""Folder of the models -> the schema that dbt builds them in."""

PICKS = ("ARG_MAX", "ARG_MIN", "ARG_MIN_NULL", "ARG_MAX_NULL")


Columns = dict[str, tuple[str, ...]]


@dataclass
class Model:
    """A model's SQL for a first build, and the tables that it reads."""

    name: str
    sql: str
    reads: list[str] = field(default_factory=list)


def known() -> dict[str, Any]:
    """Return every table that a contract or model states: columns with type and `made_of`, and what a model reads."""
    found = {table: _of_contract(contract) for table, contract in landed_contracts().items()}
    for name, contract in contracts().items():
        schema = "marts" if name in DIARIES else "candidate"
        found[f"{schema}.{name}"] = _of_contract(contract)
    models = {model.name: model for model in map(_model, PROJECT.glob("models/*/**/*.sql"))}
    schema = {table: list(about["columns"]) for table, about in found.items()}
    for name in in_order(models):
        columns = columns_of(models[name].sql, schema)
        schema[name] = list(columns)
        types = {column: about["type"] for column, about in found.get(name, {"columns": {}})["columns"].items()}
        found[name] = {
            "reads": sorted(models[name].reads),
            "columns": {
                column: {"type": types.get(column), "made_of": list(parts)} for column, parts in columns.items()
            },
        }
    return dict(sorted(found.items()))


def in_order(models: Mapping[str, Model]) -> list[str]:
    """Return the models' names, each after those that it reads."""
    done: list[str] = []

    def add(name: str) -> None:
        for read in sorted(models[name].reads):
            if read in models and read not in done:
                add(read)
        if name not in done:
            done.append(name)

    for name in sorted(models):
        add(name)
    return done


def columns_of(sql: str, schema: Mapping[str, list[str]]) -> Columns:
    """Return what each column of a query is made of, as `schema.table.column`; `schema` names the tables' columns."""
    tree = _without_named_windows(_without_picking(_without_structs(sqlglot.parse_one(sql, dialect="duckdb"))))
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for table, columns in schema.items():
        parent, _, name = table.partition(".")
        nested.setdefault(parent, {})[name] = dict.fromkeys(columns, "text")
    whole = qualify(tree, schema=nested, dialect="duckdb", validate_qualify_columns=False)
    return {
        column: tuple(sorted(_leaves(column, whole, nested)))
        for column in (projection.alias_or_name for projection in whole.selects)
    }


def _leaves(column: str, whole: exp.Expression, schema: Mapping[str, Any]) -> set[str]:
    found = set()
    for node in lineage(column, whole, schema=schema, dialect="duckdb", copy=True).walk():
        if isinstance(node.expression, exp.Table):
            found.add(f"{node.expression.db}.{node.expression.name}.{node.name.rpartition('.')[2]}".replace('"', ""))
    return found


def _without_structs(tree: exp.Expression) -> exp.Expression:
    """Give each field of a struct that an aggregate picks a column of its own: `a.price` becomes `a__price`."""
    names: set[str] = set()
    for alias in list(tree.find_all(exp.Alias)):
        struct = alias.this.find(exp.Struct)
        if struct is None:
            continue
        names.add(alias.alias)
        select = alias.find_ancestor(exp.Select)
        columns = []
        for part in struct.expressions:
            picked = alias.this.copy()
            picked.find(exp.Struct).replace(part.expression.copy())
            columns.append(exp.alias_(picked, f"{alias.alias}__{part.this.name}"))
        at = select.expressions.index(alias)
        select.set("expressions", [*select.expressions[:at], *columns, *select.expressions[at + 1 :]])
    for column in list(tree.find_all(exp.Column)):
        if column.table in names:
            whole = exp.column(f"{column.table}__{column.name}", table=column.db or None)
            is_shown = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
            column.replace(exp.alias_(whole, column.name) if is_shown else whole)
    return tree


def _without_picking(tree: exp.Expression) -> exp.Expression:
    for call in list(tree.find_all(exp.ArgMax, exp.ArgMin, exp.Anonymous)):
        if isinstance(call, exp.Anonymous) and call.name.upper() in PICKS:
            call.replace(exp.AnyValue(this=call.expressions[0]))
        elif not isinstance(call, exp.Anonymous):
            call.replace(exp.AnyValue(this=call.this))
    return tree


def _without_named_windows(tree: exp.Expression) -> exp.Expression:
    for select in tree.find_all(exp.Select):
        named = {window.name: window for window in select.args.get("windows") or []}
        for window in select.find_all(exp.Window):
            if window.alias in named and window is not named[window.alias]:
                for part in ("partition_by", "order"):
                    window.set(part, copy.deepcopy(named[window.alias].args.get(part)))
                window.set("alias", None)
        select.set("windows", None)
    return tree


def _model(path: Path) -> Model:
    layer = path.relative_to(PROJECT / "models").parts[0]
    model = Model(f"{SCHEMAS[layer]}.{path.stem}", "")

    def note(table: str) -> str:
        model.reads = sorted({*model.reads, table})
        return table

    variables = _variables()
    names: dict[str, Callable[..., Any]] = {
        "config": lambda **_: "",
        "env_var": lambda name, default="": "2017-11-28" if name == "LAKE_DATA_DAY" else default,
        "is_incremental": lambda: False,
        "return": lambda value: value,  # becomes text here; only names of steps come of it
        "ref": lambda name: note(_placed(name)),
        "source": lambda schema, table: note(f"{schema}.{table}"),
        "var": lambda name: variables[name],
    }
    model.sql = rendered(path.read_text(encoding="utf-8"), names, execute=True, this=model.name)
    return model


def _placed(name: str) -> str:
    [path] = PROJECT.glob(f"models/*/**/{name}.sql")
    return f"{SCHEMAS[path.relative_to(PROJECT / 'models').parts[0]]}.{name}"


def _variables() -> dict[str, Any]:
    source = load_source(PACKAGE / "config" / "sources" / "complete_journey.toml")
    stated = {"currency": source.currency, "event_weights": dict(source.event_weights)}
    return {**load_config("interactions"), **load_config("audience"), **load_config("signatures"), **stated}


def _of_contract(contract: Contract) -> dict[str, Any]:
    return {
        "columns": {
            column.name: {"type": column.data_type, "made_of": list(column.made_of)} for column in contract.columns
        }
    }


def as_text(tables: Mapping[str, Any]) -> str:
    """Return the tables as JSON, a column a line, so that a change is a line of a diff."""
    lines = []
    for table, about in tables.items():
        columns = ",\n".join(f"   {json.dumps(name)}: {json.dumps(part)}" for name, part in about["columns"].items())
        reads = f'"reads": {json.dumps(about["reads"])}, ' if "reads" in about else ""
        lines.append(f' {json.dumps(table)}: {{{reads}"columns": {{\n{columns}\n }}}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    print(as_text(known()), end="")
