"""Keeps the lake small: merges files, forgets old snapshots, and deletes what nothing and nobody can still read.

Each function is called under the write lock, so that no writer is under way; readers take no lock, and the ages that
they are given as `before` are what protects them. With `dry_run`, all only say what they would do.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from overture.adapters.leftovers import Removal, remove
from overture.adapters.warehouse.connection import LAKE, Warehouse
from overture.adapters.warehouse.copy_reads import DRAFTS
from overture.adapters.warehouse.data_files import unknown_files
from overture.adapters.warehouse.locks import retry_conflicts
from overture.adapters.warehouse.sessions import catalog_cursor

MESSAGES = "marts.messages"

LIVE_FILES = f"select sum(file_count) from ducklake_table_info('{LAKE}')"

MERGEABLE = """
select coalesce(sum(files - 1), 0) from (
    select count(*) as files from ducklake_data_file as data_files
    left join ducklake_file_partition_value as partitions
        on data_files.data_file_id = partitions.data_file_id
    where data_files.end_snapshot is null
    group by data_files.table_id, partitions.partition_value
) as groups
"""

EXPIRED = f"""
with succession as (
    select snapshot_id, lead(snapshot_time) over (order by snapshot_id) as followed_at
    from ducklake_snapshots('{LAKE}')
)

select snapshot_id from succession where followed_at < $before order by snapshot_id
"""


def merge_small_files(warehouse: Warehouse, deleted_share: float, *, dry_run: bool = False) -> Removal:
    """Write files with many deleted rows anew and small ones together; return by how many files a reader opens fewer.

    deleted_share: from which share of deleted rows on. Every kept snapshot reads the same rows as before. The former
    files stay until `delete_old_files`, so that no bytes are free yet.
    """
    if dry_run:
        return Removal(_mergeable_files(warehouse), 0)
    before = _number(warehouse, LIVE_FILES)
    _call(warehouse, f"call ducklake_rewrite_data_files('{LAKE}', delete_threshold => ?)", deleted_share)
    _call(warehouse, f"call ducklake_merge_adjacent_files('{LAKE}')")
    return Removal(before - _number(warehouse, LIVE_FILES), 0)


def expire_snapshots(warehouse: Warehouse, before: datetime, *, dry_run: bool = False) -> Removal:
    """Forget the snapshots that another one had followed before `before`; return how many.

    What counts is the moment at which a snapshot ceased to be the lake's state, not that of its making: whatever
    could be read at any moment since `before` can still be read, and the newest snapshot is never forgotten.
    """
    expired = [snapshot for (snapshot,) in warehouse.rows(EXPIRED, {"before": before})]
    if expired and not dry_run:
        _call(warehouse, f"call ducklake_expire_snapshots('{LAKE}', versions => ?)", expired)
    return Removal(len(expired), 0)


def delete_old_files(warehouse: Warehouse, before: datetime, *, dry_run: bool = False) -> Removal:
    """Delete the files that no snapshot has read since `before`: of expired snapshots, and of merges."""
    call = f"call ducklake_cleanup_old_files('{LAKE}', older_than => ?"
    paths = [Path(path) for (path,) in warehouse.rows(f"{call}, dry_run => true)", [before])]
    found = remove(paths, dry_run=True)
    if paths and not dry_run:
        _call(warehouse, f"{call})", before)
    return found


def delete_orphans(warehouse: Warehouse, before: datetime, *, dry_run: bool = False) -> Removal:
    """Delete the files of killed writers: those that no commit knows and that were last written before `before`."""
    # DuckLake's own function would take the folder's name for a pattern: in "home[2]" it finds nothing.
    unknown = unknown_files(warehouse.settings, warehouse.catalog.lake)
    return remove((path for path in unknown if path.stat().st_mtime < before.timestamp()), dry_run=dry_run)


def vacuum_drafts(warehouse: Warehouse, before: datetime, in_use: tuple[str, str], *, dry_run: bool = False) -> Removal:
    """Delete the stored drafts of a model and prompt that no message names, in no kept snapshot; return how many.

    in_use: model and prompt that runs ask for now; their drafts are kept in any case. Only drafts that were in the lake
    before `before` go. While messages of a model and prompt are kept, so are all drafts of the two, also those that no
    message names: a day made again asks for each draft that was tried for it, and a text that is generated anew would
    be another one.
    """
    snapshot = warehouse.rows(
        f"select max(snapshot_id) from ducklake_snapshots('{LAKE}') where snapshot_time <= ?", [before]
    )[0][0]
    if snapshot is None or not warehouse.columns(DRAFTS) or not warehouse.columns(MESSAGES):
        return Removal(0, 0)
    try:
        old = warehouse.arrow(f"select draft_id, model, prompt_version from {DRAFTS} at (version => {int(snapshot)})")
    except duckdb.CatalogException:  # the table is younger
        return Removal(0, 0)
    needed = _models_and_prompts_in_messages(warehouse) | {in_use}
    lines = old.to_pylist()
    unneeded = [line["draft_id"] for line in lines if (line["model"], line["prompt_version"]) not in needed]
    if unneeded and not dry_run:
        warehouse.write(
            "vacuum drafts",
            lambda lake: lake.execute(f"delete from {DRAFTS} where list_contains(?, draft_id)", [unneeded]),
        )
    return Removal(len(unneeded), 0)


def _models_and_prompts_in_messages(warehouse: Warehouse) -> set[tuple[str, str]]:
    """Return the pairs of model and prompt that wrote messages of the newest snapshot or of any kept one."""
    kept = warehouse.rows(
        f"select snapshot_id from ducklake_snapshots('{LAKE}')"
        " where commit_extra_info is not null or snapshot_id = (select min(snapshot_id)"
        f" from ducklake_snapshots('{LAKE}'))"
    )
    states = [MESSAGES, *(f"{MESSAGES} at (version => {int(snapshot)})" for (snapshot,) in kept)]
    pairs: set[tuple[str, str]] = set()
    for state in states:
        try:
            pairs.update(
                warehouse.connection.execute(
                    f"select distinct model, prompt_version from {state} where draft_id is not null"
                ).fetchall()
            )
        except duckdb.CatalogException:  # before the table was made
            continue
    return pairs


def _mergeable_files(warehouse: Warehouse) -> int:
    with catalog_cursor(warehouse.catalog.lake) as cursor:
        cursor.execute(MERGEABLE)
        return int(cursor.fetchone()[0])


def _number(warehouse: Warehouse, sql: str) -> int:
    return int(warehouse.rows(sql)[0][0] or 0)


def _call(warehouse: Warehouse, call: str, *parameters: Any) -> None:
    # A reader in the same moment changes nothing; a writer whose lock was lost may.
    retry_conflicts(lambda: warehouse.execute(call, parameters).fetchall())
