"""Refuses files whose columns have changed their type, before anything of them is written."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from overture.adapters.canonical import Kind
from overture.adapters.landing_files import LandingFile
from overture.adapters.sources import EntitySource
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.landing_sql import Statement, text_of
from overture.errors import SchemaError

ENOUGH_VALUES = 10
"""A column of fewer values in a file may be bad by chance: its rows go to the quarantine."""

READS_AS: dict[Kind, str] = {
    "number": "numbers",
    "money": "amounts",
    "flag": "true or false",
    "date": "dates",
    "instant": "times",
}


def require_stored_types(entity: EntitySource, path: Path, schema: pa.Schema) -> None:
    """Raise SchemaError when a Parquet column is stored as a type that cannot be what the source promises."""
    for column in entity.entity.columns:
        mapping = entity.columns.get(column.name)
        for name in mapping.columns if mapping else ():
            stored = schema.field(name).type
            if isinstance(stored, pa.DictionaryType):
                stored = stored.value_type
            # Several columns, other texts or a pattern may make anything of a value but a nested one.
            is_plain = mapping is not None and len(mapping.columns) == 1 and not mapping.values and not mapping.pattern
            if not _may_be(column.kind if is_plain else "text", stored):
                promised = READS_AS.get(column.kind, "texts")
                raise _retyped(path, name, f"{promised} for {column.name}", f"type {schema.field(name).type}")


def _may_be(kind: Kind, stored: pa.DataType) -> bool:
    is_text = pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored)
    is_text = is_text or pa.types.is_null(stored) or pa.types.is_binary(stored)
    if kind in ("number", "money"):
        return bool(is_text or _is_number(stored))
    if kind == "flag":
        return bool(is_text or pa.types.is_boolean(stored) or pa.types.is_integer(stored))
    if kind in ("date", "instant"):
        return bool(is_text or pa.types.is_date(stored) or pa.types.is_timestamp(stored))
    return not pa.types.is_nested(stored)


def _is_number(stored: pa.DataType) -> bool:
    return bool(pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored))


def require_readable_values(warehouse: Warehouse, entity: EntitySource, files: Sequence[LandingFile]) -> None:
    """Raise SchemaError when a file has values in a column, and not one of them reads as what the source promises.

    Reads the temporary tables `records` and `typed_<entity>`; only columns that hold nothing in the latter are looked
    up in the former.
    """
    columns = [c for c in entity.entity.columns if c.kind in READS_AS and c.name in entity.columns]
    columns = [column for column in columns if entity.columns[column.name].columns]
    if not columns:
        return
    counts = ", ".join(f"count({column.name})" for column in columns)
    read = warehouse.rows(
        f"select file_position, {counts} from temp.typed_{entity.entity.name} group by file_position"
        f" having count(*) >= {ENOUGH_VALUES} order by file_position"
    )
    paths = {file.position: file.path for file in files}
    for position, *counted in read:
        for column, count in zip(columns, counted, strict=True):
            if count:
                continue
            statement = Statement()
            text, place = text_of(statement, entity, column), statement.bind(position)
            [(filled, example)] = warehouse.rows(
                f"select count({text}), min({text}) from temp.records where file_position = {place}",
                statement.parameters,
            )
            if filled >= ENOUGH_VALUES:
                names = " and ".join(repr(name) for name in entity.columns[column.name].columns)
                expected = f"{READS_AS[column.kind]} for {column.name}"
                raise _retyped(paths[position], names, expected, f"{filled} values such as {example!r}")


def _retyped(path: Path, column: str, expected: str, got: str) -> SchemaError:
    return SchemaError(f"column {column} has changed its type", where=path, expected=expected, got=got)
