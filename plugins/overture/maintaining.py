"""The jobs that keep a home small, each a short function; what they may take away stands in config/maintenance.toml."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.adapters import leftovers, model_store
from overture.adapters.leftovers import Removal
from overture.adapters.toml_reader import TomlTable
from overture.adapters.warehouse import Warehouse, maintenance, open_warehouse
from overture.adapters.warehouse.locks import write_lock
from overture.configuration import FOLDER, load_config
from overture.errors import UsageError
from overture.settings import Settings

CONFIG = FOLDER / "maintenance.toml"


@dataclass(frozen=True)
class Ages:
    """What config/maintenance.toml states; each age is at least a day."""

    rewrite_deleted_share: float
    keep: timedelta
    delete_after: timedelta
    orphan: timedelta
    unused: timedelta
    exchange: timedelta
    leftover: timedelta


@dataclass(frozen=True)
class Turn:
    """One job's turn. now: the time that ages are counted from. dry_run: only say what would be done."""

    warehouse: Warehouse
    ages: Ages
    now: datetime
    dry_run: bool


Job = Callable[[Turn], Removal]


def merge_small_files(turn: Turn) -> Removal:
    """Write small files of a table's day together, and those with many deleted rows anew: fewer files to open."""
    return maintenance.merge_small_files(turn.warehouse, turn.ages.rewrite_deleted_share, dry_run=turn.dry_run)


def expire_snapshots(turn: Turn) -> Removal:
    """Forget snapshots that ceased to be the lake's state longer ago than the configured age."""
    return maintenance.expire_snapshots(turn.warehouse, turn.now - turn.ages.keep, dry_run=turn.dry_run)


def delete_old_files(turn: Turn) -> Removal:
    """Delete files that no kept snapshot reads, after the time that a reader may still have them open."""
    return maintenance.delete_old_files(turn.warehouse, turn.now - turn.ages.delete_after, dry_run=turn.dry_run)


def delete_orphans(turn: Turn) -> Removal:
    """Delete files in the lake's folder that killed writers left and no commit knows."""
    return maintenance.delete_orphans(turn.warehouse, turn.now - turn.ages.orphan, dry_run=turn.dry_run)


def vacuum_drafts(turn: Turn) -> Removal:
    """Delete stored drafts of models and prompts that wrote no kept message and are not in use now."""
    in_use = model_store.model_name(turn.warehouse.settings), load_config("copy")["message"]["prompt"]
    return maintenance.vacuum_drafts(turn.warehouse, turn.now - turn.ages.unused, in_use, dry_run=turn.dry_run)


def remove_exchanges(turn: Turn) -> Removal:
    """Remove the copy engine's requests and shards of days that nobody has worked on for long."""
    found = leftovers.old_exchanges(turn.warehouse.settings, turn.now - turn.ages.exchange)
    return leftovers.remove(found, dry_run=turn.dry_run)


def remove_leftovers(turn: Turn) -> Removal:
    """Remove what killed processes left outside the lake: unfinished factors, models, reports and scratch files."""
    found = leftovers.unfinished_files(turn.warehouse.settings, turn.now - turn.ages.leftover)
    return leftovers.remove(found, dry_run=turn.dry_run)


JOBS: dict[str, Job] = {
    job.__name__: job
    for job in (
        merge_small_files,
        expire_snapshots,
        delete_old_files,
        delete_orphans,
        vacuum_drafts,
        remove_exchanges,
        remove_leftovers,
    )
}


def do_job(name: str, settings: Settings, now: datetime, *, dry_run: bool = False) -> Removal:
    """Do one job in one turn of the write lock and return what it took away; a dry run takes no turn.

    now: in UTC. Raises UsageError for an unknown job, SettingsError for a bad configuration, and what the lake raises.
    """
    if name not in JOBS:
        raise UsageError("no such job", where="maintain", expected=", ".join(JOBS), got=name)
    ages = read_ages()
    with open_warehouse(settings) as warehouse:
        turn = Turn(warehouse, ages, now, dry_run)
        if dry_run:
            return JOBS[name](turn)
        with write_lock(warehouse.catalog.lake, f"maintenance, {name}"):
            return JOBS[name](turn)


def read_ages() -> Ages:
    """Return what config/maintenance.toml states; raise SettingsError for an age below a day, or another bad value."""
    content = TomlTable.read(CONFIG)
    merge, snapshots, files = content.table("merge"), content.table("snapshots"), content.table("files")
    copy, left = content.table("copy"), content.table("leftovers")
    ages = Ages(
        rewrite_deleted_share=_share(merge, "rewrite_deleted_share"),
        keep=_days(snapshots, "keep_days"),
        delete_after=_days(files, "delete_after_days"),
        orphan=_days(files, "orphan_days"),
        unused=_days(copy, "unused_days"),
        exchange=_days(copy, "exchange_days"),
        leftover=_days(left, "leftover_days"),
    )
    if ages.unused > ages.keep:
        # Older states are forgotten: nothing says which drafts they held.
        raise copy.error("bad value", "unused_days", expected="at most snapshots.keep_days", got=ages.unused.days)
    for table in (content, merge, snapshots, files, copy, left):
        table.refuse_unknown()
    return ages


def _days(table: TomlTable, key: str) -> timedelta:
    days = table.need(key, float)
    if not 1 <= days <= 36500 or days != int(days):
        raise table.error("bad value", key, expected="a whole number of days from 1 on", got=days)
    return timedelta(days=days)


def _share(table: TomlTable, key: str) -> float:
    share = table.need(key, float)
    if not 0 < share <= 1:
        raise table.error("bad value", key, expected="a share above 0 and up to 1", got=share)
    return share
