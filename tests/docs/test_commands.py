import re
import shlex
from pathlib import Path

import click
import pytest

from overture.cli import cli
from overture.settings import CHECKOUT

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:^|`)\.venv/bin/overture ([^`]+?)(?:`|$)", re.M)


def commands(page: Path) -> list[list[str]]:
    """Return the words of each `overture` command on a page; one may go on behind a backslash."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return [shlex.split(line.replace("\n", " ")) for line in COMMAND.findall(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_on_a_page_is_one_with_options_that_it_has(page: Path) -> None:
    wrong = []
    for name, *words in commands(page):
        command = cli.commands.get(name)
        if command is None:
            wrong.append(name)
        elif name != "airflow":  # Airflow's own, which is handed on
            known = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
            wrong += [f"{name} {word}" for word in words if word.startswith("--") and word not in known]
    assert wrong == []


def test_the_page_on_operations_shows_the_commands_that_run_a_shop() -> None:
    shown = {name for name, *_ in commands(CHECKOUT / "docs" / "operations.md")}
    assert {"up", "down", "status", "backfill", "run", "recall", "export", "maintain", "fingerprint"} <= shown
