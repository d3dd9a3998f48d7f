"""Reads CSV and JSON lines as records of texts, numbered truly, in Arrow batches; what they mean is SQL's business.

DuckDB's own CSV reader is not used: from an opening quote that is never closed it drops every row to the end of the
file without an error, and its numbers of rejected rows count blank lines that its rows do not.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from overture.adapters.sources import EntitySource
from overture.errors import SchemaError

BATCH_RECORDS = 50_000

CSV_SCHEMA = pa.schema([("source_row", pa.int64()), ("fields", pa.list_(pa.string())), ("defect", pa.string())])
LINE_SCHEMA = pa.schema([("source_row", pa.int64()), ("line", pa.string())])


def csv_header(path: Path, options: EntitySource) -> list[str]:
    """Return a CSV file's column names; raise SchemaError when it has no header that can be read."""
    with _opened(path, options) as text:
        try:
            header: list[str] = next(_reader(text, options), [])
        except csv.Error as error:
            raise SchemaError("unreadable header", where=path, expected="a line of column names", got=error) from error
    if not header:
        raise SchemaError("no header", where=path, expected="a line of column names", got="an empty first line")
    return header


def csv_batches(path: Path, options: EntitySource) -> Iterator[pa.RecordBatch]:
    """Give a CSV file's records after the header (CSV_SCHEMA).

    source_row counts from 1, the header left out; a record in several lines counts once and so does a blank line,
    which has no fields. A record that is no CSV (a quote never closed, text after a closing quote) has a defect,
    which names the file's line, and no fields; reading goes on with the next line.
    """
    with _opened(path, options) as text:
        reader = _reader(text, options)
        next(reader, None)
        first = 1
        while True:
            records: list[list[str]] = []
            defect = None
            try:
                # What was read before an error stays in the list.
                records.extend(islice(reader, BATCH_RECORDS))
            except csv.Error as error:
                defect = f"is no CSV, line {reader.line_num}: {error}"
                records.append([])
            if not records:
                return
            yield _batch(first, records, defect)
            first += len(records)


def _batch(first: int, records: list[list[str]], defect: str | None) -> pa.RecordBatch:
    count = len(records)
    defects = pa.concat_arrays([pa.nulls(count - 1, pa.string()), pa.array([defect], pa.string())])
    numbers = pa.array(range(first, first + count), pa.int64())
    return pa.record_batch([numbers, pa.array(records, pa.list_(pa.string())), defects], schema=CSV_SCHEMA)


def line_batches(path: Path, options: EntitySource) -> Iterator[pa.RecordBatch]:
    """Give a text file's lines (LINE_SCHEMA); source_row is the line's number, from 1."""
    with _opened(path, options) as text:
        first = 1
        while lines := list(islice(text, BATCH_RECORDS)):
            numbers = pa.array(range(first, first + len(lines)), pa.int64())
            yield pa.record_batch([numbers, pa.array(lines, pa.string())], schema=LINE_SCHEMA)
            first += len(lines)


def _reader(text: TextIO, options: EntitySource) -> Any:
    return csv.reader(text, delimiter=options.delimiter, quotechar=options.quote, strict=True)


@contextmanager
def _opened(path: Path, options: EntitySource) -> Iterator[TextIO]:
    """Open a text, unpacked where its name ends in .gz; bytes that are not of its encoding become U+FFFD."""
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    try:
        with path.open("rb") as raw:
            content = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            with io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="") as text:
                yield text
    except (gzip.BadGzipFile, EOFError) as error:
        raise SchemaError("unreadable file", where=path, expected="a whole gzip file", got=error) from error
