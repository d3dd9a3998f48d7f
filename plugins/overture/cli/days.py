"""The commands that make days: one step, a whole day, past days."""

import sys
from typing import TYPE_CHECKING

import click

from overture.cli.options import count_of, day_option, users_option, whole_number
from overture.errors import UsageError
from overture.settings import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def steps_here(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Complete the name of a step."""
    from click.shell_completion import CompletionItem

    from overture.steps import STEPS

    return [CompletionItem(name) for name in STEPS if name.startswith(incomplete)]


@click.command("step")
@click.argument("name", shell_complete=steps_here)
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
    cost = steps.perform(name, settings, parsed, Joining(run_id, count_of(users)))
    click.echo(f"{name} {day}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB", err=True)


@click.command("run")
@day_option
@users_option
@click.option("--airflow", "under_airflow", is_flag=True, help="Run the whole DAG under Airflow.")
def run_command(day: str, users: str | None, under_airflow: bool) -> None:
    """Do all steps of a day, publish, and show where the results are."""
    from overture.adapters.sources import load_source
    from overture.core.days import parse_day

    settings, parsed, count = Settings.from_environment(), parse_day(day), count_of(users)
    load_source(settings.source).require_day(parsed)
    if under_airflow:
        from overture.orchestration import run_day

        run_day.run_day(settings, parsed, count)
    else:
        from overture import steps

        steps.run_day(settings, parsed, count)
    _show_results(settings, day)


@click.command("backfill")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="The first data day.")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="The last data day, included.")
@users_option
@click.option("--at-a-time", default="2", show_default=True, metavar="N", help="How many days may go on at once.")
def backfill_command(first: str, last: str, users: str | None, at_a_time: str) -> None:
    """Make past days again under the running Airflow, some at a time, and wait for them."""
    from overture.core.days import parse_day
    from overture.orchestration.backfill import Order, backfill

    count, most = count_of(users), whole_number(at_a_time, "--at-a-time")
    order = Order(parse_day(first), parse_day(last), count, most)
    backfill(Settings.from_environment(), order, tell=lambda line: click.echo(line, err=True))


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
