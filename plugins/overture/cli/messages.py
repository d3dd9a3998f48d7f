"""The commands about messages that people have got."""

import click

from overture.cli.options import days_here, form_option, show
from overture.settings import Settings


@click.command("recall")
@click.option("--message", metavar="USER", help="The message that a user got on --day.")
@click.option("--draft", metavar="ID", help="All messages that are made of a draft (draft_id).")
@click.option("--item", metavar="ID", help="All messages about an item.")
@click.option("--fact", metavar="TABLE.COLUMN:KEY", help="All that state a cell, as marts.message_claims names it.")
@click.option("--day", metavar="YYYY-MM-DD", help="Of the message, or of the fact's cell.")
@click.option("--lift", metavar="ID", help="Let later runs say again what a recall bound.")
@click.option("--list", "listing", is_flag=True, help="Show the recalls in force, with their ids.")
@click.option("--why", metavar="TEXT", help="The reason, which is kept.")
@click.option("--by", metavar="NAME", help="Who decides it (default: who is logged in).")
@form_option
def recall_command(listing: bool, form: str, **asked: str | None) -> None:
    """Withdraw published messages from all readers and never say it again, or lift what was recalled."""
    from datetime import UTC, datetime

    from overture.recalling import in_force, said_of

    settings = Settings.from_environment()
    if listing:
        show(in_force(settings), form)
    else:
        click.echo(said_of(settings, asked, datetime.now(UTC).replace(tzinfo=None)))


@click.command("explain")
@click.option("--user", required=True, metavar="USER", help="Whose message.")
@click.option("--day", required=True, metavar="YYYY-MM-DD", help="The day of the message.", shell_complete=days_here)
@click.option("--json", "is_json", is_flag=True, help="One JSON object, for machines.")
def explain_command(user: str, day: str, is_json: bool) -> None:
    """Say why a person got a text, or none: every step from the data to the words, with its evidence."""
    import json
    import shutil

    from overture.core.days import parse_day
    from overture.explaining import explain
    from overture.telling import tell

    trail = explain(Settings.from_environment(), user, parse_day(day))
    if is_json:
        click.echo(json.dumps(trail.as_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo(tell(trail, min(shutil.get_terminal_size((110, 40)).columns, 130)), nl=False)
