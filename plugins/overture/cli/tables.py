"""The commands that read tables, and the one that tidies their files."""

import sys
from pathlib import Path
from typing import Any

import click

from overture.cli.options import day_option, days_here, form_option, show, tables_here, words_here
from overture.settings import Settings


@click.command("query")
@click.argument("sql", shell_complete=words_here)
@form_option
@click.option("--as-of-run", metavar="RUN", help="See the tables as this run published them.")
def query_command(sql: str, form: str, as_of_run: str | None) -> None:
    """Run read-only SQL on what is published."""
    from overture.adapters.warehouse.query import query

    show(query(Settings.from_environment(), sql, as_of_run), form)


@click.command("fingerprint")
@day_option
@form_option
@click.option("--as-of-run", metavar="RUN", help="See the tables as this run published them.")
def fingerprint_command(day: str, form: str, as_of_run: str | None) -> None:
    """Show one text for each table of a day: equal where the rows are, so that a day made again can be compared."""
    from overture.adapters.warehouse.fingerprint import fingerprint_of_day
    from overture.core.days import parse_day

    show(fingerprint_of_day(Settings.from_environment(), parse_day(day), as_of_run), form)


@click.command("maintain")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def maintain_command(dry_run: bool) -> None:
    """Merge small files, and remove what nobody can read any more (config/maintenance.toml says how old)."""
    from datetime import UTC, datetime

    import pyarrow as pa

    from overture.maintaining import JOBS, do_job

    settings, now = Settings.from_environment(), datetime.now(UTC)
    done = {name: do_job(name, settings, now, dry_run=dry_run) for name in JOBS}
    rows = [{"job": name, "count": each.count, "megabytes": round(each.size / 1e6, 3)} for name, each in done.items()]
    show(pa.Table.from_pylist(rows), "table")


@click.command("export")
@click.option("--table", required=True, metavar="TABLE", help="A published table.", shell_complete=tables_here)
@click.option("--day", required=True, metavar="YYYY-MM-DD", help="The data day of the rows.", shell_complete=days_here)
@click.option("--to", "to", required=True, metavar="FILE|DIR", type=click.Path(path_type=Path), help="Where to.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "jsonl"]), help="Default: by the file's name.")
@click.option("--raw", "is_raw", is_flag=True, help="CSV cells as they are, also what a spreadsheet runs as a formula.")
@click.option("--force", "is_forced", is_flag=True, help="Replace a file that is there already.")
def export_command(table: str, day: str, to: Path, **how: Any) -> None:
    """Write a day of a table to a file; messages only if they still may be sent, and every drop is counted."""
    from overture.core.days import parse_day
    from overture.exporting import Order, export

    file, done = export(Settings.from_environment(), Order(table, parse_day(day), to, **how))
    click.echo(f"{done.rows:,} rows of {table} {day}, run {done.run_id}", err=True)
    for reason, count in done.dropped.items():
        click.echo(f"{count:,} dropped: {reason} (as of {done.checked_as_of})", err=True)
    if done.escaped_cells:
        click.echo(f"{done.escaped_cells:,} cells begin with an apostrophe now: a spreadsheet would run them", err=True)
    click.echo(file)


@click.command("shell")
def shell_command() -> None:
    """Open DuckDB's own command line on the lake, attached read-only."""
    from overture.adapters.warehouse.shell import open_shell

    sys.exit(open_shell(Settings.from_environment()))
