"""How many drafts are in hand at once: a property of the device that the model runs on."""

from pathlib import Path

import pytest

from overture import copywriting
from overture.adapters.copy_engine.processors import accelerator
from overture.adapters.model_store import Model
from overture.configuration import load_config

SIZES = {where: load_config("copy")["engine"][where]["batch_size"] for where in ("cpu", "cuda", "server")}


@pytest.mark.parametrize(
    ("location", "gpu", "where"),
    [
        ("models/small", None, "cpu"),
        ("models/small", "cuda", "cuda"),
        ("http://127.0.0.1:8000/v1#small", None, "server"),
        ("http://127.0.0.1:8000/v1#small", "cuda", "server"),
    ],
)
def test_a_batch_is_as_large_as_its_device_wants_it(
    location: str, gpu: str | None, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copywriting, "accelerator", lambda: gpu)
    assert copywriting.engine_options(Model(location, "small", "f")).batch_size == SIZES[where]


def test_a_gpu_is_given_more_at_once_than_a_processor() -> None:
    assert SIZES["cuda"] > 2 * SIZES["cpu"]


def test_a_gpu_counts_where_the_machine_has_one_and_the_process_may_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "nvidiactl").touch()
    assert accelerator(tmp_path) is None
    (tmp_path / "nvidia0").touch()
    assert accelerator(tmp_path) == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert accelerator(tmp_path) is None
