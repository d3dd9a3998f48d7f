import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overture.settings import CHECKOUT, PACKAGE

PLUGINS = CHECKOUT / "plugins"

LOADED = """
import json, sys
sys.path.insert(0, sys.argv[2])
from airflow import plugins_manager

before = set(sys.modules)
plugins, errors = plugins_manager._get_plugins()
added = {name: str(getattr(sys.modules[name], "__file__", "")) for name in set(sys.modules) - before}
executed = sorted(name for name, file in added.items() if file.startswith(sys.argv[2]))
with open(sys.argv[1], "w") as file:
    json.dump({"errors": {str(k): str(v) for k, v in errors.items()}, "executed": executed}, file)
"""


def test_airflow_runs_only_the_two_files_beside_the_package_and_its_door_to_lineage(
    tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    assert "overture/" in (PLUGINS / ".airflowignore").read_text(encoding="utf-8").split()
    in_airflow(tmp_path / "home", LOADED, str(tmp_path / "loaded.json"), str(PLUGINS))
    loaded: dict[str, Any] = json.loads((tmp_path / "loaded.json").read_text())
    door = ["overture", "overture.orchestration", "overture.orchestration.lineage"]
    assert loaded == {"errors": {}, "executed": [*door, "overture_plugin", "overture_preload"]}


def test_only_the_package_the_plugin_and_the_preload_lie_in_the_plugins_folder() -> None:
    assert {path.name for path in PLUGINS.iterdir() if path.name != "__pycache__"} == {
        ".airflowignore",
        "overture",
        "overture_plugin.py",
        "overture_preload.py",
    }


def test_the_package_imports_itself_only_by_absolute_names() -> None:
    relative = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_module_at_the_top_of_the_plugins_folder_or_package_is_named_like_the_standard_library() -> None:
    top = [*PLUGINS.glob("*.py"), *PACKAGE.glob("*.py"), *(PACKAGE / "orchestration").glob("*.py")]
    assert {path.stem for path in top} & (set(sys.stdlib_module_names) - {"__init__"}) == set()
