"""The command line: the same steps without Airflow, and read-only queries.

Exit 0: done. 1: refused by a gate, or failed. 2: bad input or usage. Errors are one line on standard error.
"""

import sys
from typing import TYPE_CHECKING

import click

from overture.errors import OvertureError, UsageError
from overture.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


@click.group()
@click.version_option(package_name="overture")
def cli() -> None:
    """Turn a shop's behaviour tables into one personal, true message per customer and day."""


day_option = click.option("--day", required=True, metavar="YYYY-MM-DD", help="The data day; nothing later is read.")
users_option = click.option("--users", metavar="N", help="How many users get a message (default: config/copy.toml).")

form_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)


@cli.command("step")
@click.argument("name")
@day_option
@users_option
def step_command(name: str, day: str, users: str | None) -> None:
    """Do one step of a day, in its newest run or in a new one."""
    from overture import steps
    from overture.core.days import parse_day
    from overture.run import Joining

    settings, parsed = Settings.from_environment(), parse_day(day)
    if name not in steps.STEPS:
        raise UsageError("no such step", where="step", expected=", ".join(steps.STEPS), got=name)
    run_id = steps.newest_run_id(settings, parsed) or steps.open_run(settings, parsed).run_id
    cost = steps.perform(name, settings, parsed, Joining(run_id, _count(users)))
    click.echo(f"{name} {day}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB", err=True)


@cli.command("run")
@day_option
@users_option
@click.option("--airflow", "under_airflow", is_flag=True, help="Run the whole DAG under Airflow.")
def run_command(day: str, users: str | None, under_airflow: bool) -> None:
    """Do all steps of a day, publish, and show where the results are."""
    from overture.adapters.sources import load_source
    from overture.core.days import parse_day

    settings, parsed, count = Settings.from_environment(), parse_day(day), _count(users)
    load_source(settings.source).require_day(parsed)
    if under_airflow:
        from overture.orchestration import run_day

        run_day.run_day(settings, parsed, count)
    else:
        from overture import steps

        steps.run_day(settings, parsed, count)
    _show_results(settings, day)


@cli.command("backfill")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="The first data day.")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="The last data day, included.")
@users_option
@click.option("--at-a-time", default="2", show_default=True, metavar="N", help="How many days may go on at once.")
def backfill_command(first: str, last: str, users: str | None, at_a_time: str) -> None:
    """Make past days again under the running Airflow, some at a time, and wait for them."""
    from overture.core.days import parse_day
    from overture.orchestration.backfill import Order, backfill

    count, most = _count(users), _whole_number(at_a_time, "--at-a-time")
    order = Order(parse_day(first), parse_day(last), count, most)
    backfill(Settings.from_environment(), order, tell=lambda line: click.echo(line, err=True))


@cli.command("evaluate")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="The first day whose lists are judged.")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="The last one, included.")
@click.option("--every", default="1", show_default=True, metavar="N", help="Judge every so many days of these.")
@click.option("--strategies", metavar="A,B", help="Of config/strategies.toml; otherwise all that need not be named.")
@click.option("--prepare", is_flag=True, help="Make lists that are missing, and land the days after them.")
@form_option
def evaluate_command(prepare: bool, form: str, **asked: str | None) -> None:
    """Judge what was recommended on past days by what users did next, beside other strategies."""
    from overture.backtesting import Order, backtest
    from overture.core.days import parse_day

    first, last = (parse_day(str(asked[name])) for name in ("first", "last"))
    names = asked["strategies"]
    order = Order(
        first, last, _whole_number(str(asked["every"]), "--every"), tuple(names.split(",")) if names else None
    )
    _print(backtest(Settings.from_environment(), order, lambda line: click.echo(line, err=True), prepare=prepare), form)


@cli.command("tune")
@day_option
@click.option("--trials", metavar="N", help="Try at most so many configurations (default: config/tuning.toml).")
@click.option("--minutes", metavar="M", help="Begin no trial after so many minutes (default: config/tuning.toml).")
def tune_command(day: str, trials: str | None, minutes: str | None) -> None:
    """Search better parameters of the factors as of a day, and decide whether later days are made with them."""
    import time

    from overture.core.days import parse_day
    from overture.tuning import Order, tune

    most, limit = (
        None if text is None else _whole_number(text, option)
        for text, option in ((trials, "--trials"), (minutes, "--minutes"))
    )
    order = Order(parse_day(day), most, limit)
    tuned = tune(Settings.from_environment(), order, lambda line: click.echo(line, err=True), time.monotonic)
    click.echo(f"{tuned.verdict.reason}\nCandidate and report: {tuned.folder}")


@cli.command("train-ranker")
@day_option
def train_ranker_command(day: str) -> None:
    """Learn as of a day in which order items are bought, and decide whether later days are ranked so."""
    from overture.core.days import parse_day
    from overture.reranking import train_ranker

    click.echo(train_ranker(Settings.from_environment(), parse_day(day)).reason)


@cli.command("tune-copy-model")
@day_option
@click.option("--minutes", metavar="M", help="Train for at most so many minutes (default: config/copy_tuning.toml).")
def tune_copy_model_command(day: str, minutes: str | None) -> None:
    """Tune the copy model as of a day, and decide whether later days are written by it."""
    from overture.copy_tuning import Order, tune
    from overture.core.days import parse_day

    order = Order(parse_day(day), None if minutes is None else _whole_number(minutes, "--minutes"))
    tuned = tune(Settings.from_environment(), order, lambda line: click.echo(line, err=True))
    click.echo(f"{tuned.verdict.reason}\nModel card: {tuned.folder / 'model_card.md'}")


@cli.command("recall")
@click.option("--message", metavar="USER", help="The message that a user got on --day.")
@click.option("--draft", metavar="ID", help="All messages that are made of a draft (draft_id).")
@click.option("--item", metavar="ID", help="All messages about an item.")
@click.option("--fact", metavar="TABLE.COLUMN:KEY", help="All that state a cell, as marts.message_claims names it.")
@click.option("--day", metavar="YYYY-MM-DD", help="Of the message, or of the fact's cell.")
@click.option("--lift", metavar="ID", help="Let later runs say again what a recall bound.")
@click.option("--list", "listing", is_flag=True, help="Show the recalls in force, with their ids.")
@click.option("--why", metavar="TEXT", help="The reason, which is kept.")
@click.option("--by", metavar="NAME", help="Who decides it (default: who is logged in).")
def recall_command(listing: bool, **asked: str | None) -> None:
    """Withdraw published messages from all readers and never say it again, or lift what was recalled."""
    from datetime import UTC, datetime

    from overture.recalling import in_force, said_of

    settings = Settings.from_environment()
    if listing:
        _print(in_force(settings), "table")
    else:
        click.echo(said_of(settings, asked, datetime.now(UTC).replace(tzinfo=None)))


@cli.command("query")
@click.argument("sql")
@form_option
@click.option("--as-of-run", metavar="RUN", help="See the tables as this run published them.")
def query_command(sql: str, form: str, as_of_run: str | None) -> None:
    """Run read-only SQL on what is published."""
    from overture.adapters.warehouse.query import query

    _print(query(Settings.from_environment(), sql, as_of_run), form)


@cli.command("fingerprint")
@day_option
@form_option
@click.option("--as-of-run", metavar="RUN", help="See the tables as this run published them.")
def fingerprint_command(day: str, form: str, as_of_run: str | None) -> None:
    """Show one text for each table of a day: equal where the rows are, so that a day made again can be compared."""
    from overture.adapters.warehouse.fingerprint import fingerprint_of_day
    from overture.core.days import parse_day

    _print(fingerprint_of_day(Settings.from_environment(), parse_day(day), as_of_run), form)


@cli.command("maintain")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def maintain_command(dry_run: bool) -> None:
    """Merge small files, and remove what nobody can read any more (config/maintenance.toml says how old)."""
    from datetime import UTC, datetime

    import pyarrow as pa

    from overture.maintaining import JOBS, do_job

    settings, now = Settings.from_environment(), datetime.now(UTC)
    done = {name: do_job(name, settings, now, dry_run=dry_run) for name in JOBS}
    rows = [{"job": name, "count": each.count, "megabytes": round(each.size / 1e6, 3)} for name, each in done.items()]
    _print(pa.Table.from_pylist(rows), "table")


@cli.command("up")
@click.option("--only-catalog", is_flag=True, help="Only the database server, for readers; no Airflow.")
def up_command(only_catalog: bool) -> None:
    """Start Airflow with its UI, or only the catalog; say the address and how to log in."""
    from overture.orchestration import server

    click.echo(server.up(Settings.from_environment(), only_catalog=only_catalog))


@cli.command("down")
def down_command() -> None:
    """Stop Airflow and the database server of this home."""
    from overture.orchestration import server

    click.echo(server.down(Settings.from_environment()))


@cli.command("status")
def status_command() -> None:
    """Say what of this home runs now."""
    from overture.orchestration import server

    click.echo(server.status(Settings.from_environment()))


@cli.command("airflow", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def airflow_command(arguments: tuple[str, ...]) -> None:
    """Call Airflow's own command line in this home, such as `overture airflow dags list`."""
    from overture.orchestration import server

    sys.exit(server.airflow(Settings.from_environment(), list(arguments)))


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("overture: interrupted", err=True)
        sys.exit(130)
    except OvertureError as error:
        click.echo(f"overture: {error}", err=True)
        sys.exit(error.exit_code)


def _count(text: str | None) -> int | None:
    return None if text is None else _whole_number(text, "--users")


def _whole_number(text: str, option: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UsageError("bad number", where=option, expected="a whole number above 0", got=repr(text))
    return int(text)


def _print(table: "pa.Table", form: str) -> None:
    from overture.presentation import as_csv, as_json, print_table

    if form == "table":
        print_table(table)
    else:
        click.echo(as_csv(table) if form == "csv" else as_json(table), nl=False)


FIRST_QUERY = (
    "select user_id, text, strategy, rung from marts.messages join marts.recommendations"
    " using (data_day, user_id, item_id) where data_day = '{day}' order by user_id limit 10"
)


def _show_results(settings: Settings, day: str) -> None:
    from overture.adapters.warehouse.query import query
    from overture.presentation import print_table
    from overture.reporting import report_path

    sql = FIRST_QUERY.format(day=day)
    click.echo(f"\nPublished {day}. Tables: schema marts of the lake in {settings.warehouse}")
    click.echo(f"Report: {report_path(settings, day)}")
    click.echo(f'First query:\n  {sys.argv[0]} query "{sql}"\n')
    print_table(query(settings, sql))
