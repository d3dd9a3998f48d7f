"""What several commands share: their options, how numbers are read, and how a table is shown."""

import re
import sys
from typing import TYPE_CHECKING

import click

from overture.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from click.shell_completion import CompletionItem

MOST_ROWS = 100
"""Rows that a terminal shows of a longer answer; files and pipes get all."""


def days_here(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Complete a day: those of which this home has a report."""
    from click.shell_completion import CompletionItem

    from overture.settings import Settings

    folders = sorted(Settings.from_environment().reports.glob("????-??-??"), reverse=True)
    return [CompletionItem(folder.name) for folder in folders if folder.name.startswith(incomplete)]


def tables_here(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Complete the name of a published table."""
    from click.shell_completion import CompletionItem

    from overture.adapters.warehouse.contracts import contracts

    return [CompletionItem(name) for name in sorted(contracts()) if name.startswith(incomplete)]


def words_here(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Complete the last word of a query: a published table, or a column of the tables that the query names so far."""
    from click.shell_completion import CompletionItem

    from overture.adapters.warehouse.contracts import contracts

    known, last = contracts(), re.findall(r"[\w.]*$", incomplete)[0]
    named = [known[name] for name in re.findall(r"\bmarts\.(\w+)", incomplete) if name in known]
    alias = last[: last.rfind(".") + 1]
    words = dict.fromkeys(f"{alias}{column.name}" for table in named for column in table.columns)
    words |= dict.fromkeys(f"marts.{name}" for name in sorted(known))
    begun = incomplete.removesuffix(last)
    return [CompletionItem(begun + word) for word in words if word.startswith(last) and word != last]


day_option = click.option(
    "--day",
    required=True,
    metavar="YYYY-MM-DD",
    help="The data day; nothing later is read.",
    shell_complete=days_here,
)
users_option = click.option("--users", metavar="N", help="How many users get a message (default: config/copy.toml).")

form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "markdown"]),
    default="table",
    show_default=True,
    help="json: one object a line.",
)


def count_of(users: str | None) -> int | None:
    """Return the number that --users gives, None where it is left out; raise UsageError for what is none."""
    return None if users is None else whole_number(users, "--users")


def whole_number(text: str, option: str) -> int:
    """Return a number above 0 that an option gives; raise UsageError for what is none."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UsageError("bad number", where=option, expected="a whole number above 0", got=repr(text))
    return int(text)


def show(table: "pa.Table", form: str) -> None:
    """Print a table on standard output in the form that --format names; a terminal shows no more than MOST_ROWS."""
    from overture.presentation import as_csv, as_json, as_markdown, print_table

    if form == "table":
        left_out = table.num_rows - MOST_ROWS if sys.stdout.isatty() else 0
        print_table(table.slice(0, MOST_ROWS) if left_out > 0 else table)
        if left_out > 0:
            click.echo(f"and {left_out:,} more rows: --format csv or a pipe shows all", err=True)
    elif form == "markdown":
        click.echo(as_markdown(table))
    else:
        click.echo(as_csv(table) if form == "csv" else as_json(table), nl=False)
