"""Reads a source's files into records of texts: one SQL relation for every format.

The relation's columns are file_position, data_day, source_file, source_row (from 1), defect (why the record could not
be taken apart, null where it could), defect_text and one field f0, f1, .. for each of `EntitySource.file_columns`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from overture.adapters import text_records
from overture.adapters.landing_files import LandingFile
from overture.adapters.sources import EntitySource
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.landing_drift import require_stored_types
from overture.adapters.warehouse.names import quoted
from overture.errors import SchemaError

REPLACED = "chr(65533)"
"""What stands in a text for bytes that are not of its encoding."""

FILE = "$position::integer, $day::date, $label::varchar"

OBJECTS = r"""
select source_row, line, coalesce(case when json_valid(line) then json_type(line) = 'OBJECT' end, false) as is_object
from {batches}
where trim(line, e' \t\r\n') <> ''
"""


def read_records(warehouse: Warehouse, entity: EntitySource, files: Sequence[LandingFile]) -> list[str | None]:
    """Fill the temporary table `records`; return, for each file, its columns that the source does not use.

    Raises SchemaError, which names file, column and the columns found, for a file that lacks a column; the same error
    for a column stored as a type that it cannot have, and for a file that cannot be read or that changes meanwhile.
    """
    fields = "".join(f", f{number} varchar" for number in range(len(entity.file_columns)))
    warehouse.execute(
        "create or replace temp table records (file_position integer, data_day date, source_file varchar,"
        f" source_row bigint, defect varchar, defect_text varchar{fields})"
    )
    readers = {"parquet": _read_parquet, "csv": _read_csv, "jsonl": _read_lines}
    ignored = readers[entity.format](warehouse, entity, files) if files else []
    for file in files:
        file.require_unchanged()
    return ignored


def listing(files: Sequence[LandingFile]) -> pa.Table:
    """Return the files as rows (file_position, data_day, source_file, path, sha256), in order."""
    return pa.table(
        {
            "file_position": pa.array([file.position for file in files], pa.int32()),
            "data_day": pa.array([file.data_day for file in files], pa.date32()),
            "source_file": pa.array([file.label for file in files], pa.string()),
            "path": pa.array([str(file.path) for file in files], pa.string()),
            "sha256": pa.array([file.sha256 for file in files], pa.string()),
        }
    )


def _read_parquet(warehouse: Warehouse, entity: EntitySource, files: Sequence[LandingFile]) -> list[str | None]:
    ignored = []
    for file in files:
        schema = _parquet_schema(file.path)
        ignored.append(_checked(entity, file.path, list(schema.names)))
        require_stored_types(entity, file.path, schema)
    fields = "".join(f", found.{quoted(name)}::varchar" for name in entity.file_columns)
    with warehouse.registered(listing(files)) as listed:
        _read(
            warehouse,
            "insert into temp.records select listed.file_position, listed.data_day, listed.source_file,"
            f" found.file_row_number + 1, null, null{fields} from read_parquet($paths, union_by_name => true,"
            " filename => 'overture_path', file_row_number => true) as found"
            f" join {listed} as listed on listed.path = found.overture_path",
            {"paths": [str(file.path) for file in files]},
            files[0].path.parent,
        )
    return ignored


def _parquet_schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise SchemaError("unreadable file", where=path, expected="a whole Parquet file", got=error) from error


def _read_csv(warehouse: Warehouse, entity: EntitySource, files: Sequence[LandingFile]) -> list[str | None]:
    ignored = []
    for file in files:
        header = text_records.csv_header(file.path, entity)
        ignored.append(_checked(entity, file.path, header))
        fields = "".join(f", fields[{header.index(name) + 1}]" for name in entity.file_columns)
        reader = pa.RecordBatchReader.from_batches(text_records.CSV_SCHEMA, text_records.csv_batches(file.path, entity))
        with _shown(warehouse, reader) as batches:
            _read(
                warehouse,
                f"insert into temp.records select {FILE}, source_row, coalesce(defect, case"
                " when len(fields) <> $width then concat('has ', len(fields), ' fields, not ', $width::integer)"
                f" when contains(array_to_string(fields, ''), {REPLACED})"
                " then concat('is not ', $encoding::varchar) end),"
                f" case when defect is null then array_to_string(fields, $delimiter) end{fields}"
                f" from {batches} where defect is not null or len(fields) > 0",
                _bound(file) | {"width": len(header), "encoding": entity.encoding, "delimiter": entity.delimiter},
                file.path,
            )
    return ignored


def _read_lines(warehouse: Warehouse, entity: EntitySource, files: Sequence[LandingFile]) -> list[str | None]:
    pointers = {f"pointer{number}": _pointer(name) for number, name in enumerate(entity.file_columns)}
    fields = "".join(f", case when is_object then json_extract_string(line, ${name}) end" for name in pointers)
    ignored = []
    for file in files:
        reader = pa.RecordBatchReader.from_batches(
            text_records.LINE_SCHEMA, text_records.line_batches(file.path, entity)
        )
        with _shown(warehouse, reader) as batches:
            _read(warehouse, f"create or replace temp table lines as {OBJECTS.format(batches=batches)}", {}, file.path)
        found = warehouse.rows(
            "select distinct unnest(json_keys(line)) as name from temp.lines where is_object order by 1"
        )
        ignored.append(_checked(entity, file.path, [name for (name,) in found]) if found else None)
        warehouse.execute(
            f"insert into temp.records select {FILE}, source_row, case when not is_object then 'is no JSON object'"
            f" when contains(line, {REPLACED}) then concat('is not ', $encoding::varchar) end,"
            f" line{fields} from temp.lines",
            _bound(file) | {"encoding": entity.encoding} | pointers,
        )
    return ignored


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _bound(file: LandingFile) -> dict[str, object]:
    return {"position": file.position, "day": file.data_day, "label": file.label}


def _checked(entity: EntitySource, path: Path, found: list[str]) -> str | None:
    for name in entity.file_columns:
        if found.count(name) != 1:
            raise SchemaError(
                "a column twice" if name in found else "a missing column",
                where=path,
                expected=f"one column {name!r}",
                got=f"columns {', '.join(found) or 'none'}",
            )
    return ", ".join(name for name in found if name not in entity.file_columns) or None


@contextmanager
def _shown(warehouse: Warehouse, reader: pa.RecordBatchReader) -> Iterator[str]:
    """Show a stream of Arrow batches to SQL, for one statement."""
    warehouse.connection.register("record_batches", reader)
    try:
        yield "record_batches"
    finally:
        warehouse.connection.unregister("record_batches")


def _read(warehouse: Warehouse, sql: str, parameters: dict[str, object], where: Path) -> None:
    try:
        warehouse.execute(sql, parameters)
    except duckdb.Error as error:
        raise SchemaError("unreadable file", where=where, got=str(error).splitlines()[0]) from error
