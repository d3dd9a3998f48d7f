"""Builds dbt models of the project without dbt, in milliseconds: its own files, rendered and run in the same order.

For proofs with many builds only. That dbt itself makes the same of the files is what tests/dbt shows.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jinja2

from overture.adapters.transform import PROJECT
from overture.adapters.warehouse import Warehouse

TEMP = "temp.rendered"
STRATEGY = re.compile(r"incremental_strategy='(\w+)'")
VIEW = re.compile(r"^\{\{ config\(materialized='view'\) \}\}")


@dataclass(frozen=True)
class _Answer:
    """What dbt's run_query gives: rows with columns by position."""

    rows: list[tuple[Any, ...]]


def build_models(warehouse: Warehouse, names: Iterable[str], day: date, variables: Mapping[str, Any]) -> None:
    """Build models of the staging and intermediate layers for `day`, in the order given, as one lake write.

    variables: what the models ask for by `var`. Raises whatever the lake raises; nothing is then written.
    """

    def work(lake: Warehouse) -> None:
        for name in names:
            _Model(lake, name, day, variables).build()

    warehouse.write(f"build {day}", work)


def rendered(text: str, names: Mapping[str, Callable[..., Any]], **values: object) -> str:
    """Return a model's text as SQL: with the project's macros, and with what dbt would give in its place by `names`."""
    macros = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "macros").glob("*.sql")))
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - makes SQL
    return environment.from_string(macros + text).render(**names, **values).strip()


@dataclass(frozen=True)
class _Model:
    """One model of the project, to be built for one day."""

    lake: Warehouse
    name: str
    day: date
    variables: Mapping[str, Any]

    def build(self) -> None:
        """Make the view, make the table, or replace the day's rows by the model's incremental strategy."""
        [path] = PROJECT.glob(f"models/*/**/{self.name}.sql")
        text, relation = path.read_text(encoding="utf-8"), _relation(self.name)
        query = self._rendered(text)
        if self.name.startswith("stg_") or VIEW.match(text):
            self.lake.execute(f"create or replace view {relation} as {query}")
        elif not self.lake.columns(relation):
            self.lake.execute(f"create table {relation} as {query}")
        else:
            self.lake.execute(f"create or replace temp table rendered as {query}")
            named = STRATEGY.search(text)
            for statement in self._replacement(named[1] if named else "replace_day").split(";"):
                self.lake.execute(statement)

    def _replacement(self, strategy: str) -> str:
        relation = _relation(self.name)
        columns = [{"name": column} for column in self.lake.columns(relation)]
        order = {"target_relation": relation, "temp_relation": TEMP, "dest_columns": columns}
        return self._rendered(f"{{{{ get_incremental_{strategy}_sql(order) }}}}", order=order)

    def _rendered(self, text: str, **more: object) -> str:
        names: dict[str, Callable[..., Any]] = {
            "config": lambda **_: "",
            "env_var": lambda name, default="": self.day.isoformat() if name == "LAKE_DATA_DAY" else default,
            "get_quoted_csv": lambda columns: ", ".join(f'"{column}"' for column in columns),
            "is_incremental": lambda: bool(self.lake.columns(_relation(self.name))),
            "ref": _relation,
            "run_query": lambda sql: _Answer(self.lake.rows(sql)),
            "source": lambda schema, table: f"{schema}.{table}",
            "var": lambda name: self.variables[name],
        }
        return rendered(text, names, execute=True, this=_relation(self.name), **more)


def _relation(name: str) -> str:
    return f"{'staging' if name.startswith('stg_') else 'intermediate'}.{name}"
