"""The commands that start, stop and ask what runs in the background."""

import sys

import click

from overture.settings import Settings


@click.command("up")
@click.option("--only-catalog", is_flag=True, help="Only the database server, for readers; no Airflow.")
def up_command(only_catalog: bool) -> None:
    """Start Airflow with its UI, or only the catalog; say the address and how to log in."""
    from overture.orchestration import server

    click.echo(server.up(Settings.from_environment(), only_catalog=only_catalog))


@click.command("down")
def down_command() -> None:
    """Stop Airflow and the database server of this home."""
    from overture.orchestration import server

    click.echo(server.down(Settings.from_environment()))


@click.command("status")
def status_command() -> None:
    """Say what of this home runs now."""
    from overture.orchestration import server

    click.echo(server.status(Settings.from_environment()))


@click.command("airflow", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def airflow_command(arguments: tuple[str, ...]) -> None:
    """Call Airflow's own command line in this home, such as `overture airflow dags list`."""
    from overture.orchestration import server

    sys.exit(server.airflow(Settings.from_environment(), list(arguments)))
