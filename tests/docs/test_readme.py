import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.contracts import MARTS, contracts
from overture.adapters.warehouse.query import query
from overture.cli import cli
from overture.settings import CHECKOUT, VARIABLES, Settings
from overture.steps import GATES

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DAY = date(2017, 11, 28)


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


def shell_lines() -> list[str]:
    return [line for block in code_blocks("sh") for line in block.splitlines() if line]


def table_after(header: str) -> list[list[str]]:
    """Return the cells of the Markdown table whose header line starts so."""
    rows = README.split(header, 1)[1].splitlines()[2:]
    cells = []
    for row in rows:
        if not row.startswith("|"):
            break
        cells.append([cell.strip() for cell in row.strip("|").split("|")])
    return cells


def grains() -> dict[str, list[str]]:
    """Read each published table's grain from where it is stated: `meta` beside the mart."""
    found = {}
    for path in MARTS.glob("*/*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        tables = [*content.get("models", []), *(t for s in content.get("sources", []) for t in s["tables"])]
        found |= {table["name"]: table["config"]["meta"]["grain"] for table in tables}
    return found


@dataclass(frozen=True)
class Checkout:
    folder: Path
    settings: Settings


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A folder whose `.overture` has every published table, one recommendation, and a running catalog."""
    folder = tmp_path_factory.mktemp("readme")
    settings = Settings.from_environment({"OVERTURE_HOME": str(folder / ".overture")})
    with open_warehouse(settings) as warehouse:
        warehouse.write("tables", lambda lake: [lake.ensure_table(f"marts.{table}") for table in contracts()])
        rows = pa.table({"data_day": [DAY], "user_id": ["1"], "rank": pa.array([1], pa.int32()), "strategy": ["als"]})
        warehouse.replace_day("marts.recommendations", DAY, rows)
        yield Checkout(folder, settings)


def test_a_plain_duckdb_client_reads_what_is_published(checkout: Checkout) -> None:
    (snippet,) = code_blocks("python")
    ran = subprocess.run(
        [sys.executable, "-c", snippet], cwd=checkout.folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "[('als', 1)]"  # a slow machine shows a progress bar above it


def test_a_plain_duckdb_client_attached_so_cannot_write(checkout: Checkout) -> None:
    (snippet,) = code_blocks("python")
    ran = subprocess.run(
        [sys.executable, "-c", f"{snippet}\nclient.execute('delete from lake.marts.recommendations')"],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "read-only" in ran.stderr


def test_every_query_that_the_readme_shows_runs(checkout: Checkout) -> None:
    shown = [shlex.split(line)[2] for line in shell_lines() if "overture query" in line]
    assert len(shown) >= 3
    for sql in shown:
        assert query(checkout.settings, sql).num_columns > 1


def test_every_make_target_that_the_readme_shows_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", " ".join([*shell_lines(), *re.findall(r"`(.+?)`", README)])))
    assert {"run", "test"} <= named <= targets


def test_every_overture_command_that_the_readme_shows_exists() -> None:
    assert set(re.findall(r"overture ([a-z]+) ", README.replace("`", " "))) & {"query", "step", "run", "up"}
    commands = {line.split()[1] for line in re.findall(r"\.venv/bin/(overture [^`\n]+)", README)}
    assert {"query", "step", "run", "up"} <= commands <= set(cli.commands)


def test_the_published_tables_and_their_grain_are_listed_as_their_contracts_state_them() -> None:
    listed = {row[0].strip("`"): ["data_day", *re.findall(r"`(\w+)`", row[1])] for row in table_after("| table |")}
    assert listed == grains()
    assert set(listed) == set(contracts())


def test_the_settings_are_listed_as_they_are_read() -> None:
    assert [row[0].strip("`") for row in table_after("| variable |")] == list(VARIABLES)


def test_the_gates_are_named_as_they_are() -> None:
    assert tuple(re.findall(r"`(check_\w+)`", README)) == GATES


def test_the_day_that_the_readme_uses_is_the_one_that_make_runs() -> None:
    default = re.search(r"^DAY \?= (\S+)$", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    assert default is not None
    assert default[1] == DAY.isoformat()
    assert DAY.isoformat() in README
