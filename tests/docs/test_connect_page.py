import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.shell import find_program, opening
from overture.cli import cli
from overture.errors import UsageError
from overture.settings import CHECKOUT, Settings

PAGE = (CHECKOUT / "docs" / "connect.md").read_text(encoding="utf-8")


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a server of its own, where the page's example looks for it; a socket's path must be short."""
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path_factory.mktemp("c") / ".overture")})
    with open_warehouse(settings) as warehouse:
        for table in contracts():
            warehouse.ensure_table(f"marts.{table}")
        warehouse.execute("insert into marts.recommendations (strategy) values ('popular'), ('popular')")
    return settings


def test_the_python_block_reads_the_lake_of_the_home_it_stands_in(home: Settings) -> None:
    block = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.M | re.S)[0]
    with open_catalog(home):
        ended = subprocess.run(
            [sys.executable, "-c", block], cwd=home.home.parent, capture_output=True, text=True, check=False
        )
    assert (ended.stdout, ended.stderr) == ("[('popular', 2)]\n", "")


def test_the_shell_opens_on_the_published_tables_and_cannot_change_them(home: Settings) -> None:
    with open_catalog(home) as catalog, duckdb.connect() as client:
        client.execute(opening(home, catalog))
        assert client.execute("select count(*) from recommendations").fetchall() == [(2,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            client.execute("delete from recommendations")


def test_a_shell_of_another_version_or_none_is_refused_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"not here; .*pip install duckdb-cli=="):
        find_program()
    program = tmp_path / "duckdb"
    program.write_text("#!/bin/sh\necho v0.1.0\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(UsageError, match=r"another version of DuckDB; where: .*got: v0\.1\.0"):
        find_program()


def test_the_version_that_the_page_names_is_the_one_that_is_installed() -> None:
    assert set(re.findall(r"\b1\.5\.\d+", PAGE)) == {duckdb.__version__}


def test_every_command_that_the_page_shows_is_one() -> None:
    shown = set(re.findall(r"overture ([a-z-]+)", re.sub(r"dbname=overture\b.*", "", PAGE)))
    assert shown <= set(cli.commands)
    assert {"query", "explain", "export", "shell", "up", "completion"} <= shown
