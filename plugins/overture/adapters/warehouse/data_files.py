"""Which files in the lake's folder its catalog knows; the others are of writes that were never committed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from overture.adapters.leftovers import Removal, remove
from overture.adapters.warehouse.locks import holds_lock, write_lock
from overture.adapters.warehouse.sessions import catalog_cursor
from overture.errors import HomeError, OvertureError, WarehouseError
from overture.settings import Settings

PATTERNS = ("ducklake-*.parquet", "ducklake-*.puffin")
"""How DuckLake names what it writes; anything else in the folder is not the lake's."""

KNOWN = """
with folders as (
    select
        lake_tables.table_id,
        case
            when not lake_tables.path_is_relative then lake_tables.path
            when schemas.path_is_relative then %(root)s || schemas.path || lake_tables.path
            else schemas.path || lake_tables.path
        end as folder
    from ducklake_table as lake_tables
    inner join ducklake_schema as schemas on lake_tables.schema_id = schemas.schema_id
),

written as (
    select table_id, path, path_is_relative, end_snapshot is null as is_live from ducklake_data_file
    union all
    select table_id, path, path_is_relative, end_snapshot is null as is_live from ducklake_delete_file
)

select
    case when written.path_is_relative then folders.folder || written.path else written.path end as path,
    written.is_live
from written
left join folders on written.table_id = folders.table_id
union all
select case when path_is_relative then %(root)s || path else path end as path, false as is_live
from ducklake_files_scheduled_for_deletion
"""


def unknown_files(settings: Settings, catalog: str) -> list[Path]:
    """Return the lake's files that no row of its catalog names: of killed writers, and of those still at work.

    catalog: libpq connection string. Raises WarehouseError when a file that the catalog names is not found, for then
    the two do not belong together, or a file is lost, and nothing may be taken for left over.
    """
    # The folder is read first: what a writer commits in between is in the catalog then.
    found = [path for pattern in PATTERNS for path in settings.warehouse.rglob(pattern) if path.is_file()]
    known, live = _known_files(settings, catalog)
    on_disk = {os.path.realpath(path): path for path in found}
    # Committed in between: there, but not among those found.
    lost = sorted(path for path in live - on_disk.keys() if not Path(path).exists())
    if lost:
        raise WarehouseError(
            "a file of the lake is missing", where=settings.warehouse, expected=lost[0], got=f"{len(lost)} not found"
        )
    return sorted(path for real, path in on_disk.items() if real not in known)


def remove_unfinished(settings: Settings, catalog: str, since: datetime) -> Removal:
    """Take away the lake's files that were written since `since` and that no commit knows; return what that was.

    For a writer whose write has failed and been rolled back, so that a full disk does not stay full of its halves. It
    waits for a turn of its own, in which nobody else can be writing: call it when the write's own turn is over, never
    inside it (a turn that was lost to another writer would still look held). Raises what `write_lock` raises.
    """
    with write_lock(catalog, "remove unfinished files"):
        return remove(path for path in unknown_files(settings, catalog) if path.stat().st_mtime >= since.timestamp())


@contextmanager
def freeing_a_full_disk(settings: Settings, catalog: str) -> Iterator[None]:
    """Take away what the block has written to the lake's folder and not committed, should it find the disk full.

    Put it around `write_lock`; inside a turn that is held already it leaves that to the one around. The block's error
    is raised as it is.
    """
    if holds_lock(catalog):
        yield
        return
    # A file's clock is a little coarser than ours.
    began = datetime.now(UTC) - timedelta(seconds=1)
    try:
        yield
    except HomeError:
        # What it could not take away, maintenance finds.
        with suppress(OvertureError):
            remove_unfinished(settings, catalog, began)
        raise


def lake_exists(settings: Settings, catalog: str) -> bool:
    """Say whether a lake has been made in the catalog, which then knows that its files lie in this home.

    A home that was moved or copied brings its own server along, and all paths are relative to the folder that is noted
    here. Raises HomeError when a server elsewhere names the files of another home, WarehouseError when the catalog does
    not answer.
    """
    with catalog_cursor(catalog, where="OVERTURE_CATALOG") as cursor:
        cursor.execute("select to_regclass('ducklake_snapshot') is not null")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("select value from ducklake_metadata where key = 'data_path'")
        noted, here = cursor.fetchone()[0], f"{settings.warehouse}/"
        if noted.rstrip("/") != str(settings.warehouse):
            if settings.catalog is not None:
                expected = f"the home of this catalog's lake, whose files lie in {noted}"
                raise HomeError("another home's catalog", where="OVERTURE_HOME", expected=expected, got=settings.home)
            cursor.execute("update ducklake_metadata set value = %s where key = 'data_path'", [here])
        return True


def _known_files(settings: Settings, catalog: str) -> tuple[set[str], set[str]]:
    """Return the real paths of all files that the catalog names, and of those that the newest snapshot reads."""
    with catalog_cursor(catalog) as cursor:
        cursor.execute(KNOWN, {"root": f"{settings.warehouse}/"})
        rows = cursor.fetchall()
    unplaced = [path for path, _ in rows if path is None]
    if unplaced:
        raise WarehouseError("a file of the lake belongs to no table", where="ducklake_data_file", got=len(unplaced))
    known = {os.path.realpath(path) for path, _ in rows}
    return known, {os.path.realpath(path) for path, is_live in rows if is_live}
