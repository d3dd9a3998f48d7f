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
@click.option("--json", "is_json", is_flag=True, help="One JSON object: process ids by name, null for what is stopped.")
def status_command(is_json: bool) -> None:
    """Say what of this home runs now."""
    import json

    from overture.orchestration import server

    settings = Settings.from_environment()
    click.echo(json.dumps(server.processes(settings)) if is_json else server.status(settings))


@click.command("airflow", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def airflow_command(arguments: tuple[str, ...]) -> None:
    """Call Airflow's own command line in this home, such as `overture airflow dags list`."""
    from overture.orchestration import server

    sys.exit(server.airflow(Settings.from_environment(), list(arguments)))


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print what makes a shell complete commands, tables, columns and days: eval "$(overture completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        # The word that calls the script back, by which click knows that a shell asks.
        click.echo(kind(click.get_current_context().find_root().command, {}, "overture", "_OVERTURE_COMPLETE").source())
