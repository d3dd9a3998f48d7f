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


def lake_error(error: BaseException, settings: Settings) -> OvertureError | None:
    """Return what an error of DuckDB means for the lake; None for an error of the statement, or of ours."""
    # What the catalog's server says, as when it ends a session, comes as no kind of error in particular.
    if not isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException) and type(error) is not duckdb.Error:
        return None
    return shortage(str(error), settings) or WarehouseError("the lake failed", got=str(error).splitlines()[0])
