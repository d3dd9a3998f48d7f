"""The commands about messages that people have got."""

import click

from overture.settings import Settings


@click.command("recall")
@click.option("--message", metavar="USER", help="The message that a user got on --day.")
@click.option("--draft", metavar="ID", help="All messages that are made of a draft (draft_id).")
@click.option("--item", metavar="ID", help="All messages about an item.")
@click.option("--fact", metavar="TABLE.COLUMN:KEY", help="All that state a cell, as marts.message_claims names it.")
@click.option("--day", metavar="YYYY-MM-DD", help="Of the message, or of the fact's cell.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with the recall.")
@click.option("--by", metavar="NAME", help="Who recalls it (default: who is logged in).")
def recall_command(day: str | None, why: str, by: str | None, **subjects: str | None) -> None:
    """Withdraw published messages from all readers, and never say it again."""
    import getpass
    from datetime import UTC, datetime

    from overture.core.days import parse_day
    from overture.recalling import case_of, recall

    now = datetime.now(UTC).replace(tzinfo=None)
    case = case_of(subjects, parse_day(day) if day else None, why, by or getpass.getuser(), now)
    click.echo(f"{recall(Settings.from_environment(), case)} messages withdrawn")
