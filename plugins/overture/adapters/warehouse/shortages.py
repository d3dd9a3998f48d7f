"""What DuckDB ran out of, told from what it says, and what a person can do: free disk, or raise the memory limit."""

import duckdb

from overture.errors import HomeError, OvertureError, WarehouseError
from overture.settings import Settings

DISK = ("No space left", "Disk quota", "out of disk", "max_temp_directory_size")
"""The last is the limit of spilled rows, which DuckDB takes from the space that is free."""

MEMORY = ("Out of Memory Error", "OutOfMemoryException", "could not allocate block", "bad allocation", "bad_alloc")


def shortage(message: str, settings: Settings) -> OvertureError | None:
    """Return HomeError for a full disk, WarehouseError for exhausted memory, None for a message of anything else."""
    said = message.strip().splitlines()[0] if message.strip() else message
    if any(part.lower() in message.lower() for part in DISK):
        return HomeError("the disk is full", where=settings.home, expected="free space, then the same again", got=said)
    if any(part.lower() in message.lower() for part in MEMORY):
        return WarehouseError(
            "out of memory",
            where=f"OVERTURE_MEMORY_LIMIT={settings.memory_limit}, OVERTURE_THREADS={settings.threads}",
            expected="a greater limit, or fewer threads: each needs memory that cannot be spilled to disk",
            got=said,
        )
    return None


LOST = ("server closed the connection", "terminating connection", "no connection to the server", "connection not open")
"""What libpq says, below whatever DuckDB was doing, of a session that the server has ended: a newer writer took the
lock away, or the server stopped."""


def lake_error(error: BaseException, settings: Settings) -> OvertureError | None:
    """Return what an error of DuckDB means for the lake; None for an error of the statement, or of ours."""
    if not isinstance(error, duckdb.Error):
        return None
    if is_session_lost(error):
        return WarehouseError(
            "the catalog's server ended the session", expected="the same again", got=_first_line(error)
        )
    # What else the catalog's server says comes as no kind of error in particular.
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException) or type(error) is duckdb.Error:
        return shortage(str(error), settings) or WarehouseError("the lake failed", got=_first_line(error))
    return None


def is_session_lost(error: BaseException) -> bool:
    """Say whether DuckDB's error tells that the catalog's server ended its session."""
    return isinstance(error, duckdb.Error) and any(part in str(error) for part in LOST)


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
