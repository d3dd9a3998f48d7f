"""What our side of vLLM makes of the machine that it finds itself on."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from overture.adapters.copy_engine.exchange import EngineOptions, Sampling
from overture.adapters.copy_engine.vllm_engine import VllmEngine
from overture.errors import CopyEngineError


def test_a_gpu_build_on_a_machine_without_one_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    # vLLM's own error there is about an empty string.
    nowhere = SimpleNamespace(device_type="", is_cpu=lambda: False)
    for name, content in (
        ("vllm", {"LLM": None, "__version__": "0"}),
        ("vllm.platforms", {"current_platform": nowhere}),
    ):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        vars(sys.modules[name]).update(content)
    options = EngineOptions("folder", "model", "auto", 512, 1, 1, 1)
    with pytest.raises(CopyEngineError, match=r"no device for the copy engine.*NVIDIA GPU.*copy-cpu\.txt"):
        VllmEngine(options, Sampling(0.7, 1.0, 40, 1.0, 48), 1)
