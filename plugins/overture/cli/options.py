"""What several commands share: their options, how numbers are read, and how a table is shown."""

from typing import TYPE_CHECKING

import click

from overture.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

day_option = click.option("--day", required=True, metavar="YYYY-MM-DD", help="The data day; nothing later is read.")
users_option = click.option("--users", metavar="N", help="How many users get a message (default: config/copy.toml).")

form_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
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
    """Print a table on standard output in the form that --format names."""
    from overture.presentation import as_csv, as_json, print_table

    if form == "table":
        print_table(table)
    else:
        click.echo(as_csv(table) if form == "csv" else as_json(table), nl=False)
