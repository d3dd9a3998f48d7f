"""Read-only SQL on what is published, for people and tools."""

import duckdb
import pyarrow as pa

from overture.adapters.warehouse.doors import require_reading
from overture.adapters.warehouse.runs import open_as_of_run
from overture.adapters.warehouse.shortages import shortage
from overture.errors import UsageError
from overture.settings import Settings


def query(settings: Settings, sql: str, as_of_run: str | None = None) -> pa.Table:
    """Return the result of one reading statement; with `as_of_run`, of the snapshot that this run published.

    The lake is attached read-only, files outside it cannot be reached, and only its tables can be named. Raises
    UsageError for anything but one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) and for SQL that does not run,
    WarehouseError that says what to do when memory is out.
    """
    with open_as_of_run(settings, as_of_run) as warehouse:
        try:
            require_reading(warehouse.connection, sql)
            return warehouse.connection.execute(sql).to_arrow_table()
        except (duckdb.Error, OverflowError) as error:
            if (short := shortage(str(error), settings)) is not None:
                raise short from None
            raise UsageError("the query does not run", where="overture query", got=_in_one_line(error)) from error


def _in_one_line(error: Exception) -> str:
    """Return what DuckDB says, and what it suggests, without the picture of where in the text that is."""
    told = str(error).strip().partition("\n\nLINE ")[0]
    return " ".join(told.split())
