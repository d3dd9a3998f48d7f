"""Shows a result to people (a table on the terminal) and to programs (CSV, JSON lines)."""

import io
import json
import re

import pyarrow as pa
import pyarrow.csv

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def as_csv(table: pa.Table) -> str:
    """Return the rows as CSV with a header line."""
    buffer = io.BytesIO()
    pa.csv.write_csv(table, buffer)
    return buffer.getvalue().decode()


def as_json(table: pa.Table) -> str:
    """Return the rows as JSON lines, one object a row; dates and decimals as text."""
    return "".join(json.dumps(row, default=str, ensure_ascii=False) + "\n" for row in table.to_pylist())


def as_markdown(table: pa.Table) -> str:
    """Return the rows as a Markdown table; whatever a text holds, it stays inside its cell and is no markup."""
    lines = [table.column_names, ["---"] * table.num_columns]
    lines += [[plain(value) for value in row.values()] for row in table.to_pylist()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def plain(value: object) -> str:
    """Return a value as Markdown that shows it and does nothing else."""
    return _MARKUP.sub(r"\\\1", visible(value))


def verbatim(value: object) -> str:
    """Return a value as a span of code in Markdown: no part of it is markup, a link or an end of the span.

    >>> verbatim("a `b` https://c")
    '`` a `b` https://c ``'
    """
    text = visible(value)
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"


def print_table(table: pa.Table) -> None:
    """Print the rows as a table on standard output; control characters are shown escaped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(header_style="bold")
    for column, kind in zip(table.column_names, table.schema.types, strict=True):
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        grid.add_column(Text(column), overflow="fold", justify="right" if is_number else "left")
    for row in table.to_pylist():
        grid.add_row(*(Text(visible(value)) for value in row.values()))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(grid)


def visible(value: object) -> str:
    """Return a value as one line that shows control characters (those that turn reading, too) escaped; "" for None."""
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
