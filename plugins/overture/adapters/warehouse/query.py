"""Read-only SQL on what is published, for people and tools."""

import duckdb
import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse, open_warehouse
from overture.adapters.warehouse.names import literal
from overture.adapters.warehouse.runs import snapshot_of_run
from overture.errors import UsageError
from overture.settings import Settings

READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


def query(settings: Settings, sql: str, as_of_run: str | None = None) -> pa.Table:
    """Return the result of one reading statement; with `as_of_run`, of the snapshot that this run published.

    The lake is attached read-only and files outside it cannot be reached. Raises UsageError for anything but one
    SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) and for SQL that does not run.
    """
    snapshot = None
    if as_of_run is not None:
        with open_warehouse(settings, read_only=True) as warehouse:
            snapshot = snapshot_of_run(warehouse, as_of_run)
    with open_warehouse(settings, read_only=True, snapshot=snapshot) as warehouse:
        _close_the_doors(warehouse)
        try:
            statements = warehouse.connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in READING:
                raise UsageError(
                    "not a query", where="overture query", expected="one statement that only reads", got=sql
                )
            return warehouse.connection.execute(statements[0]).to_arrow_table()
        except duckdb.Error as error:
            raise UsageError("the query does not run", where="overture query", got=str(error).strip()) from error


def _close_the_doors(warehouse: Warehouse) -> None:
    folders = ", ".join(literal(str(folder)) for folder in (warehouse.settings.warehouse, warehouse.settings.scratch))
    warehouse.execute(f"set allowed_directories = [{folders}]")
    warehouse.execute("set enable_external_access = false")
    warehouse.execute("set lock_configuration = true")
