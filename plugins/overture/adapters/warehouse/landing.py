"""Landing: a day's files become rows of the raw tables; what is wrong with a row goes to the quarantine with it."""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from overture.adapters.canonical import ENTITIES, Entity
from overture.adapters.landing_files import LandingFile, find_files
from overture.adapters.sources import EntitySource, Source
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.landing_drift import require_readable_values
from overture.adapters.warehouse.landing_fetch import fetched
from overture.adapters.warehouse.landing_records import listing, read_records
from overture.adapters.warehouse.landing_sql import typed_rows
from overture.errors import SettingsError

LOG = logging.getLogger("overture.rows")

PLACE = "struct_pack(file_position := file_position, source_row := source_row)"
"""Where a row stands in the order of the files; smaller is earlier."""

QUARANTINE = "raw.quarantine"
LANDINGS = "raw.landings"

TABLES = (*(f"raw.{name}" for name in ENTITIES), QUARANTINE, LANDINGS)
"""Every raw table; dbt's sources state their columns."""


@dataclass(frozen=True)
class EntityCount:
    """What became of an entity's rows: `rows` in the files, of them `quarantined` and `duplicates`, the rest landed."""

    rows: int
    quarantined: int
    duplicates: int

    @property
    def landed(self) -> int:
        """Rows that are in the raw table."""
        return self.rows - self.quarantined - self.duplicates


@dataclass(frozen=True)
class LandingReport:
    """What one landing did: the days in order, and the counts over all of them by entity."""

    days: tuple[date, ...]
    entities: Mapping[str, EntityCount]


def ensure_raw_tables(warehouse: Warehouse) -> None:
    """Make the raw tables where they are missing."""
    for table in TABLES:
        warehouse.ensure_table(table)


def land_day(warehouse: Warehouse, source: Source, landing_root: Path, day: date) -> LandingReport:
    """Land `day` anew, and every earlier day of the source that is not landed yet, as one transaction.

    The files lie below `landing_root/<source name>` unless the source says otherwise. They are read and checked before
    the transaction, so that other writers wait only for the writing.

    Raises DayRangeError, SettingsError, MissingFileError or SchemaError; nothing is then written.
    """
    source.require_day(day)
    _require_understood(warehouse, source)
    days = _days_to_land(warehouse, source, day)
    files: dict[str, list[LandingFile]] = {}
    with tempfile.TemporaryDirectory(dir=_scratch(warehouse), prefix="fetched-") as scratch:
        fetch = partial(fetched, warehouse, Path(scratch))
        for name, entity in source.entities.items():
            files[name] = find_files(source, entity, landing_root / source.name, days, fetch)
        ignored = {name: _prepare(warehouse, source, entity, files[name]) for name, entity in source.entities.items()}

    def work(lake: Warehouse) -> tuple[date, ...]:
        ensure_raw_tables(lake)
        pending = _days_to_land(lake, source, day)
        for table in TABLES:
            # The range lets the lake skip files; a list alone does not.
            lake.execute(
                f"delete from {table} where data_day between $first and $last"
                " and list_contains($days::date[], data_day)",
                {"first": pending[0], "last": pending[-1], "days": pending},
            )
        for name, entity in source.entities.items():
            _insert(lake, entity.entity, pending)
            _note(lake, name, files[name], ignored[name], pending)
        return tuple(pending)

    landed = warehouse.write(f"land {day}", work)
    report = LandingReport(landed, {name: _count(warehouse, name, landed) for name in source.entities})
    for name, count in report.entities.items():
        told = (name, count.rows, count.quarantined, count.duplicates, len(landed))
        LOG.info("raw.%s: %d rows, %d in quarantine, %d that came twice, of %d days", *told)
    return report


def _require_understood(warehouse: Warehouse, source: Source) -> None:
    """Raise SettingsError for a time zone or a pattern of times that DuckDB does not know."""
    checks = {"timezone": ("select timestamp '2000-01-01' at time zone $text", source.timezone)}
    for name, entity in source.entities.items():
        for column, mapping in entity.columns.items():
            if mapping.pattern is not None:
                checks[f"{name}.columns.{column}.format"] = ("select try_strptime('', $text)", mapping.pattern)
    for key, (sql, text) in checks.items():
        try:
            warehouse.execute(sql, {"text": text})
        except duckdb.Error as error:
            got = f"{text}: {str(error).splitlines()[0]}"
            raise SettingsError("not understood", where=f"{source.path}, {key}", got=got) from error


def _scratch(warehouse: Warehouse) -> Path:
    warehouse.settings.scratch.mkdir(parents=True, exist_ok=True)
    return warehouse.settings.scratch


def _days_to_land(warehouse: Warehouse, source: Source, day: date) -> list[date]:
    if not warehouse.columns(LANDINGS):
        return source.days_until(day)
    landed = {found for (found,) in warehouse.rows(f"select distinct data_day from {LANDINGS}")}
    return [wanted for wanted in source.days_until(day) if wanted == day or wanted not in landed]


def _prepare(
    warehouse: Warehouse, source: Source, entity: EntitySource, files: Sequence[LandingFile]
) -> list[str | None]:
    """Make the temporary tables `typed_<entity>`, with every row of the files, and `repeated_<entity>`.

    Of rows with one key the first or last in the order of the files is kept. Grouping finds them: it spills to disk,
    where a window over all rows does not.
    """
    ignored = read_records(warehouse, entity, files)
    name, keys = entity.entity.name, ", ".join(entity.entity.key)
    typed = typed_rows(source, entity, "temp.records")
    warehouse.execute(f"create or replace temp table typed_{name} as {typed.sql}", typed.parameters)
    require_readable_values(warehouse, entity, files)
    warehouse.execute("drop table temp.records")
    kept = {"first": "min", "last": "max"}[entity.entity.keeps]
    warehouse.execute(
        f"create or replace temp table repeated_{name} as"
        f" select data_day, {keys}, {kept}({PLACE}) as kept from temp.typed_{name}"
        f" where problem is null group by data_day, {keys} having count(*) > 1"
    )
    return ignored


def _is_repeated(entity: Entity) -> str:
    """Return a condition on rows `typed` that another row of their key stands for."""
    same = " and ".join(f"repeated.{key} is not distinct from typed.{key}" for key in ("data_day", *entity.key))
    return (
        f"exists (select 1 from temp.repeated_{entity.name} as repeated where {same}"
        f" and repeated.kept is distinct from {PLACE})"
    )


def _insert(lake: Warehouse, entity: Entity, days: Sequence[date]) -> None:
    names = ", ".join(["data_day", *(column.name for column in entity.columns), "source_file", "source_row"])
    lake.execute(
        f"insert into raw.{entity.name} ({names}) select {names} from temp.typed_{entity.name} as typed"
        f" where problem is null and list_contains($days::date[], data_day) and not {_is_repeated(entity)}"
        " order by data_day",
        {"days": days},
    )
    lake.execute(
        f"insert into {QUARANTINE} (data_day, entity, source_file, source_row, column_name, value, reason)"
        " select data_day, $entity, source_file, source_row, problem.column_name, problem.value, problem.reason"
        f" from temp.typed_{entity.name} where problem is not null and list_contains($days::date[], data_day)"
        " order by data_day",
        {"days": days, "entity": entity.name},
    )


def _note(
    lake: Warehouse, entity: str, files: Sequence[LandingFile], ignored: Sequence[str | None], days: Sequence[date]
) -> None:
    noted = listing(files).append_column("ignored_columns", pa.array(list(ignored), pa.string()))
    with lake.registered(noted) as landed_files:
        lake.execute(
            f"insert into {LANDINGS} (data_day, entity, source_file, sha256, row_count, quarantined_count,"
            " duplicate_count, ignored_columns)"
            " with counted as (select file_position, count(*) as row_count,"
            " count(*) filter (problem is not null) as quarantined_count,"
            f" count(*) filter (problem is null and {_is_repeated(ENTITIES[entity])}) as duplicate_count"
            f" from temp.typed_{entity} as typed group by file_position)"
            " select data_day, $entity, source_file, sha256, coalesce(row_count, 0), coalesce(quarantined_count, 0),"
            f" coalesce(duplicate_count, 0), ignored_columns from {landed_files}"
            " left join counted using (file_position) where list_contains($days::date[], data_day)"
            " order by data_day, source_file",
            {"entity": entity, "days": days},
        )


def _count(warehouse: Warehouse, entity: str, days: Sequence[date]) -> EntityCount:
    [(rows, quarantined, duplicates)] = warehouse.rows(
        "select coalesce(sum(row_count), 0), coalesce(sum(quarantined_count), 0), coalesce(sum(duplicate_count), 0)"
        f" from {LANDINGS} where entity = $entity and list_contains($days::date[], data_day)",
        {"entity": entity, "days": list(days)},
    )
    return EntityCount(int(rows), int(quarantined), int(duplicates))
