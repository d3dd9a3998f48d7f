"""The command line: the same steps without Airflow, and read-only queries.

Exit 0: done. 1: refused by a gate, or failed. 2: bad input or usage. Errors are one line on standard error.
"""

import sys

import click

from overture.cli.days import backfill_command, run_command, step_command
from overture.cli.learning import evaluate_command, train_ranker_command, tune_command, tune_copy_model_command
from overture.cli.messages import explain_command, recall_command
from overture.cli.services import airflow_command, down_command, status_command, up_command
from overture.cli.tables import fingerprint_command, maintain_command, query_command
from overture.errors import OvertureError

SECTIONS = {
    "Make days": (run_command, step_command, backfill_command),
    "Messages": (explain_command, recall_command),
    "Tables": (query_command, fingerprint_command, maintain_command),
    "Learn": (evaluate_command, tune_command, train_ranker_command, tune_copy_model_command),
    "Services": (up_command, down_command, status_command, airflow_command),
}
"""The commands as the help shows them, by purpose."""


class Sections(click.Group):
    """A group whose help shows its commands by purpose."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section's commands with the first sentence of their help."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                longest = formatter.width - 6 - max(len(name) for name in self.commands)
                formatter.write_dl([(str(each.name), each.get_short_help_str(longest)) for each in commands])


@click.group(cls=Sections)
@click.version_option(package_name="overture")
def cli() -> None:
    """Turn a shop's behaviour tables into one personal, true message per customer and day."""


for _commands in SECTIONS.values():
    for _command in _commands:
        cli.add_command(_command)


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
