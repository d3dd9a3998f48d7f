import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from overture.settings import CHECKOUT, PACKAGE

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
CODE = sorted(
    path for folder in ("plugins", "dags", "bench", "prove", "tests") for path in (CHECKOUT / folder).rglob("*.py")
)
MODULES = [path for path in CODE if "tests" not in path.relative_to(CHECKOUT).parts]
MODELS = sorted((CHECKOUT / "dbt_project" / "models").rglob("*.sql"))
DAGS = sorted((CHECKOUT / "dags").rglob("*.py"))

# Written so that this file does not name such a path itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}{/-])/(work|opt|root|home|Users|mnt)/")
REGISTRY = re.compile(r"--(?:extra-)?index-url[ =]|--find-links[ =]|\bfile://|https?://[^\s\"']*/simple\b")


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def kept_files() -> list[Path]:
    """Every file that git keeps or would take, links and binary ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [CHECKOUT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_function_is_longer_than_forty_lines(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > 40} == {}


@pytest.mark.parametrize(("paths", "ceiling"), [(CODE, 300), (MODELS, 60), (DAGS, 80)], ids=["module", "model", "DAG"])
def test_no_file_is_longer_than_its_kind_may_be(paths: list[Path], ceiling: int) -> None:
    assert paths
    assert {name_of(path): line_count(path) for path in paths if line_count(path) > ceiling} == {}


def test_every_module_opens_with_one_line_that_says_what_it_is() -> None:
    opening = {name_of(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES}
    assert [
        name for name, text in opening.items() if not text or not text.splitlines()[0].endswith((".", ":", "`"))
    ] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {name_of(path): set(path.relative_to(CHECKOUT).with_suffix("").parts) for path in MODULES}
    assert [name for name, parts in names.items() if parts & VAGUE] == []


def test_no_module_takes_the_name_of_the_standard_library_or_of_a_dbt_plugin() -> None:
    stems = {name_of(path): path.stem for path in [*PACKAGE.glob("*.py"), *DAGS]}
    shadowing = sys.stdlib_module_names - {"__init__"}
    assert [name for name, stem in stems.items() if stem in shadowing or stem.startswith("dbt_")] == []


def test_no_kept_file_names_a_path_of_one_machine() -> None:
    found = [name_of(path) for path in kept_files() if MACHINE_PATH.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_no_kept_file_names_a_package_registry() -> None:
    found = [name_of(path) for path in kept_files() if REGISTRY.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_search_for_paths_of_one_machine_finds_one() -> None:
    assert MACHINE_PATH.search("/".join(["see ", "work", "main"]))
    assert not MACHINE_PATH.search("docs/home/page and https://example.org/work/page")


@pytest.mark.parametrize("path", [CHECKOUT / "pyproject.toml", *sorted((CHECKOUT / "locks").glob("*.in"))], ids=name_of)
def test_every_dependency_says_why_it_is_here(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        project = tomllib.loads(text)
        needs = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
        lines = {
            need: next(line for line in text.splitlines() if line.strip().startswith(f'"{need}"')) for need in needs
        }
    else:
        lines = {line.split()[0]: line for line in text.splitlines() if line and not line.startswith("#")}
    assert lines
    assert [need for need, line in lines.items() if not re.search(r"\s#\s\S+", line)] == []
