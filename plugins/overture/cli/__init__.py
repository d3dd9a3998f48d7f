"""The command line: the same steps without Airflow, and read-only queries.

Exit 0: done. 1: refused by a gate, or failed. 2: bad input or usage. Errors are one line on standard error.
"""

import os
import sys

import click

from overture.cli.days import backfill_command, run_command, step_command
from overture.cli.learning import evaluate_command, train_ranker_command, tune_command, tune_copy_model_command
from overture.cli.messages import explain_command, recall_command
from overture.cli.services import airflow_command, completion_command, down_command, status_command, up_command
from overture.cli.tables import export_command, fingerprint_command, maintain_command, query_command, shell_command
from overture.errors import OvertureError

SECTIONS = {
    "Make days": (run_command, step_command, backfill_command),
    "Messages": (explain_command, recall_command),
    "Tables": (query_command, shell_command, export_command, fingerprint_command, maintain_command),
    "Learn": (evaluate_command, tune_command, train_ranker_command, tune_copy_model_command),
    "Services": (up_command, down_command, status_command, airflow_command, completion_command),
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
@click.option("--traceback", is_flag=True, help="Show where in the code an unexpected error came up.")
def cli(traceback: bool) -> None:
    """Turn a shop's behaviour tables into one personal, true message per customer and day."""


for _commands in SECTIONS.values():
    for _command in _commands:
        cli.add_command(_command)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        cli.main(prog_name="overture", standalone_mode=False)
    except click.ClickException as error:
        asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "overture"
        _fail(f"{error.format_message()} See {asked} --help.", 2)
    except click.Abort:
        _fail("interrupted", 130)
    except OvertureError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # Who read our answer has seen enough, such as `head`; the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # whatever a library raises that nobody foresaw
        if "--traceback" in sys.argv:
            raise
        _fail(_unexpected(error), 1)


def _fail(message: str, exit_code: int) -> None:
    click.echo(f"overture: {message}", err=True)
    sys.exit(exit_code)


def _unexpected(error: Exception) -> str:
    """Return one line that says what came up, and where in our code."""
    import traceback

    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}overture{os.sep}" in frame.filename
    ]
    where = f"{ours[-1].filename}:{ours[-1].lineno}" if ours else None
    expected = "overture --traceback with the same command shows more"
    got = f"{type(error).__name__}: {error}"
    return str(OvertureError("an unexpected error", where=where, expected=expected, got=got))
