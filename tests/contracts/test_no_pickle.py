import ast
from collections.abc import Iterator
from pathlib import Path

from overture.settings import CHECKOUT

MODULES = sorted(path for folder in ("plugins", "dags", "bench", "prove") for path in (CHECKOUT / folder).rglob("*.py"))
PICKLING = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def offences(text: str) -> Iterator[str]:
    """Name each way in which a module could load a pickle."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            names = [module] if module else [alias.name for alias in node.names]
            yield from (name for name in names if name.split(".")[0] in PICKLING)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
                yield called
            if called == "torch.load" or called.endswith("read_pickle"):
                yield called


def test_no_module_can_load_a_pickle() -> None:
    assert len(MODULES) > 50
    found = {path.name: list(offences(path.read_text(encoding="utf-8"))) for path in MODULES}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_search_for_pickles_finds_each_way() -> None:
    ways = ["import pickle", "from joblib import load", "np.load(p)", "np.load(p, allow_pickle=True)"]
    ways += ["torch.load(p)", "pd.read_pickle(p)"]
    assert all(list(offences(way)) for way in ways)
    assert not list(offences("np.load(path, allow_pickle=False)"))


def test_models_are_read_from_files_that_hold_no_code() -> None:
    folder = Path(CHECKOUT / "plugins/overture/adapters/copy_engine/model_folder.py").read_text(encoding="utf-8")
    assert ".safetensors" in folder
    assert ".bin" not in folder
    assert "trust_remote_code=True" not in "".join(path.read_text(encoding="utf-8") for path in MODULES)
