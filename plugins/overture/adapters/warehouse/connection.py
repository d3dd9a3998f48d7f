"""One connection to the lake, and what can be done through it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from overture.adapters.catalog import Catalog, open_catalog
from overture.adapters.catalog_password import without_password
from overture.adapters.processes import this_process
from overture.adapters.warehouse.contracts import contract_of
from overture.adapters.warehouse.data_files import freeing_a_full_disk, lake_exists
from overture.adapters.warehouse.doors import close_the_doors, require_selection
from overture.adapters.warehouse.fences import Try, require_newest
from overture.adapters.warehouse.locks import LOCK_ROW, lake_session_name, retry_conflicts, write_lock
from overture.adapters.warehouse.names import literal, quoted
from overture.adapters.warehouse.shortages import is_session_lost, lake_error
from overture.errors import WarehouseError
from overture.settings import Settings

T = TypeVar("T")
LOG = logging.getLogger("overture.rows")

LAKE = "lake"
SCHEMAS = ("raw", "staging", "intermediate", "candidate", "marts", "copy", "ops")
PARTITIONED = ("candidate", "marts")  # by data_day, where the tables are made here, as dbt's are
EXTENSIONS = ("ducklake", "postgres_scanner")


class Warehouse:
    """The lake through one DuckDB connection; times are UTC.

    Reads see the newest snapshot at the statement's start. Writes go through `write`, which serialises every
    process of this lake.

    attempt: the try of a step that writes through this connection; None for work that belongs to no step.
    is_read_only: nothing but selections go through it.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        settings: Settings,
        catalog: Catalog,
        *,
        is_read_only: bool = False,
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.catalog = catalog
        self.attempt: Try | None = None
        self.is_read_only = is_read_only
        self._is_writing = False

    def execute(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> duckdb.DuckDBPyConnection:
        """Run one statement with bound parameters; raise HomeError for a full disk, WarehouseError without memory."""
        if self.is_read_only:
            require_selection(self.connection, sql)
        try:
            return self.connection.execute(sql, parameters)
        except duckdb.Error as error:
            if ours := lake_error(error, self.settings):
                raise ours from error
            raise

    def arrow(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> pa.Table:
        """Return a statement's result as one Arrow table."""
        return self.execute(sql, parameters).to_arrow_table()

    def rows(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> list[tuple[Any, ...]]:
        """Return a statement's rows; for small results."""
        return self.execute(sql, parameters).fetchall()

    def write(self, purpose: str, work: Callable[["Warehouse"], T]) -> T:
        """Do `work` as one transaction that no other writer overlaps.

        The cross-process lock makes writers wait; the lock row, updated inside the transaction, makes the later of
        two commits fail should the lock ever have been lost. A failed commit is retried whole, so `work` may run
        again. Inside another `write`, `work` joins its transaction.

        Raises LockTimeoutError, ConflictError, SupersededError when a newer try than `attempt` exists, or what `work`
        raises (nothing is then written).
        """
        if self._is_writing:
            return work(self)

        def attempt() -> T:
            # Locked anew each time: what ended the last transaction may have ended the lock's session, too.
            with write_lock(self.catalog.lake, purpose, self.attempt):
                return self._transaction(purpose, work)

        with freeing_a_full_disk(self.settings, self.catalog.lake):
            return retry_conflicts(attempt)

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[str]:
        """Hold the write lock for a writer that is not this connection (dbt); give the name that its lock row bears.

        That writer must look, in each of its transactions, whether the lock row still bears the name: another one
        there means that the lock was lost. Raises what `write` raises.
        """
        name = f"{purpose} #{self.attempt.token if self.attempt else 0}"
        with (
            freeing_a_full_disk(self.settings, self.catalog.lake),
            write_lock(self.catalog.lake, purpose, self.attempt),
        ):
            self.write(name, lambda lake: None)
            yield name

    def _transaction(self, purpose: str, work: Callable[["Warehouse"], T]) -> T:
        self._is_writing = True
        try:
            self.connection.execute("begin")
            self.connection.execute(
                "update ops.write_locks set turn = turn + 1, holder = ? where table_name = ?", [purpose, LOCK_ROW]
            )
            # Asked after the transaction's snapshot is taken: a newer try that begins later meets the lock row.
            if self.attempt is not None:
                require_newest(self.catalog.lake, self.attempt)
            result = work(self)
            self.connection.execute("commit")
        except BaseException as error:
            with suppress(duckdb.Error):  # a commit that failed has ended the transaction already
                self.connection.execute("rollback")
            if self.attempt is not None and is_session_lost(error.__cause__ or error):
                # A newer try may have taken the lock away: then that is what there is to say.
                require_newest(self.catalog.lake, self.attempt)
            if ours := lake_error(error, self.settings):
                raise ours from error
            raise
        finally:
            self._is_writing = False
        return result

    def ensure_table(self, table: str) -> None:
        """Make `schema.table` from its contract, or add the columns that the contract has gained."""
        schema, name = table.split(".")
        contract = contract_of(table)
        present = self.columns(table)
        if not present:
            self.execute(f"create table if not exists {quoted(schema)}.{quoted(name)} ({contract.columns_sql})")
        if not present and schema in PARTITIONED:
            # A reader of one day opens that day's files only.
            self.execute(f"alter table {quoted(schema)}.{quoted(name)} set partitioned by (data_day)")
        for column in contract.columns:
            if present and column.name not in present:
                self.execute(f"alter table {table} add column {quoted(column.name)} {column.data_type}")

    def columns(self, table: str) -> list[str]:
        """Return the columns of `schema.table` in order; empty when there is no such table."""
        schema, name = table.split(".")
        found = self.rows(
            "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ?"
            " order by column_index",
            [LAKE, schema, name],
        )
        return [column for (column,) in found]

    def replace_day(self, table: str, day: date, rows: pa.Table) -> int:
        """Make `rows` all that `table` holds of `day`; return how many.

        Columns go by name; the contract's columns that `rows` lacks become null. Raises WarehouseError for a column
        that the contract does not have and for rows of another day.
        """
        known = [column.name for column in contract_of(table).columns]
        unknown = [column for column in rows.column_names if column not in known]
        if unknown:
            raise WarehouseError("column outside the contract", where=table, expected=", ".join(known), got=unknown[0])

        def work(warehouse: "Warehouse") -> int:
            warehouse.ensure_table(table)
            warehouse.execute(f"delete from {table} where data_day = ?", [day])
            with warehouse.registered(rows) as view:
                strangers = warehouse.rows(f"select count(*) from {view} where data_day is distinct from ?", [day])
                if strangers[0][0]:
                    raise WarehouseError(
                        "rows of another day", where=table, expected=day, got=f"{strangers[0][0]} rows"
                    )
                warehouse.execute(f"insert into {table} by name select * from {view}")
            return int(rows.num_rows)

        count = self.write(f"replace {table} {day}", work)
        LOG.info("%s: %d rows of %s", table, count, day)
        return count

    @contextmanager
    def registered(self, rows: pa.Table) -> Iterator[str]:
        """Show an Arrow table to SQL under the name that is given back, without a copy."""
        self.connection.register("arrow_rows", rows)
        try:
            yield "arrow_rows"
        finally:
            self.connection.unregister("arrow_rows")


@contextmanager
def open_warehouse(
    settings: Settings, *, read_only: bool = False, snapshot: int | None = None, folder: Path | None = None
) -> Iterator[Warehouse]:
    """Connect to the lake; make it first where it does not exist. With `snapshot`, see it as it was then.

    With `read_only`, the connection comes to the catalog as its reader, reaches no file but the lake's and those in
    `folder`, and cannot be set otherwise.

    Raises HomeError when the home cannot be written, WarehouseError when the catalog does not answer.
    """
    with open_catalog(settings) as catalog:
        settings.ensure_home()
        connection = connect(settings)
        try:
            if read_only and not lake_exists(settings, catalog.lake):
                _attach(connection, settings, catalog, "")
                connection.execute(f"detach {LAKE}")
            options = ", read_only" if read_only else ""
            options += f", snapshot_version {int(snapshot)}" if snapshot is not None else ""
            _attach(connection, settings, catalog, options)
            connection.execute(f"use {LAKE}")
            if read_only:
                close_the_doors(connection, settings, folder)
            yield Warehouse(connection, settings, catalog, is_read_only=read_only)
        finally:
            connection.close()


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection in memory with the extensions loaded and nothing taken from the network."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "extension_directory": str(settings.extensions),
            "allow_unsigned_extensions": "true",  # hashes of packages are locked; to check 77 MB takes 0.37 s of CPU
            "temp_directory": str(settings.scratch),
            "memory_limit": settings.memory_limit,
            "threads": str(settings.threads),
            "preserve_insertion_order": "false",
        }
    )
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")  # drawn among the answers otherwise
    for extension in EXTENSIONS:
        load_extension(connection, extension)
    return connection


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its package; lay it into the extension directory the first time."""
    try:
        connection.execute(f"load {name}")
    except duckdb.IOException:
        from duckdb_extensions import import_extension

        import_extension(name, con=connection)
        connection.execute(f"load {name}")


def lake_address(catalog: Catalog, *, read_only: bool = False) -> str:
    """Return what DuckDB's ATTACH and dbt's profile call the lake; its sessions bear this process's name.

    It shows no password and holds in this process alone.
    """
    server = catalog.reader if read_only else catalog.lake
    return f"ducklake:postgres:{without_password(server, application_name=lake_session_name(this_process()))}"


def _attach(connection: duckdb.DuckDBPyConnection, settings: Settings, catalog: Catalog, options: str) -> None:
    def attach() -> None:
        connection.execute(
            f"attach {literal(lake_address(catalog, read_only='read_only' in options))} as {LAKE}"
            f" (data_path {literal(str(settings.warehouse) + '/')}, data_inlining_row_limit 0{options})"
        )

    if options:
        attach()
        return
    if not lake_exists(settings, catalog.lake):
        # Two first writers would both make the lake.
        with write_lock(catalog.lake, "make the lake"):
            attach()
            _make_schemas(connection)
        return
    attach()


def _make_schemas(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {LAKE}.{schema}")
    connection.execute(
        f"create table if not exists {LAKE}.ops.write_locks ({contract_of('ops.write_locks').columns_sql})"
    )
    connection.execute(
        f"insert into {LAKE}.ops.write_locks select ?, 0, null"
        f" where not exists (select 1 from {LAKE}.ops.write_locks where table_name = ?)",
        [LOCK_ROW, LOCK_ROW],
    )
