"""The commands that read tables, and the one that tidies their files."""

import click

from overture.cli.options import day_option, form_option, show
from overture.settings import Settings


@click.command("query")
@click.argument("sql")
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
