"""Runs the copy worker over a vLLM that is none: it fails for memory as the model folder's `double.json` says.

Started as `python engine_double.py -m MODULE ARGUMENTS`, so that a script with this line serves as the copy
environment's interpreter. Everything on our side of vLLM's own functions is the real code.
"""

import json
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


class OutOfMemoryError(RuntimeError):
    """Named like torch's, and as deep in the tree of errors."""


TAKEN = (
    "Free memory on device cuda:0 (5.51/79.18 GiB) on startup is less than desired GPU memory utilization "
    "(0.92, 72.84 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)
ON_CPU = "[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"


def fail(how: str) -> None:
    """Fail like torch on a GPU or a CPU, vLLM on a GPU that others use, the C++ library, the kernel, or otherwise."""
    match how:
        case "gpu":
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        case "taken":
            raise ValueError(TAKEN)
        case "cpu":
            raise RuntimeError(ON_CPU)
        case "python":
            raise MemoryError("std::bad_alloc")
        case "kernel":
            os.kill(os.getpid(), signal.SIGKILL)
        case "native":
            os.abort()
        case _:
            raise ValueError("no grammar")


class Engine:
    """Stands where vLLM's LLM does; notes the size of each batch in `batches.jsonl` beside the model."""

    def __init__(self, model: str, **options: Any) -> None:
        self.folder, self.most = Path(model), options["max_num_seqs"]
        self.in_hand: list[str] = []
        self.told = json.loads((self.folder / "double.json").read_text(encoding="utf-8"))
        if self.told["fits"] is None:
            fail(self.told["failure"])

    def get_tokenizer(self) -> Any:
        """Return something that makes tokens of messages."""
        return SimpleNamespace(apply_chat_template=lambda messages, **options: [1, 2, 3])

    @property
    def llm_engine(self) -> "Engine":
        """Return what requests are added to: this one."""
        return self

    def add_request(self, request_id: str, prompt: Any, parameters: Any) -> None:
        """Take a request in hand, beside no more than the most."""
        self.in_hand.append(request_id)
        assert len(self.in_hand) <= self.most

    def step(self) -> list[Any]:
        """Answer all that is in hand, unless it is too many."""
        count = len(self.in_hand)
        with (self.folder / "batches.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"{count}\n")
        time.sleep(self.told.get("seconds", 0))
        if count > self.told["fits"]:
            fail(self.told["failure"])
        said = SimpleNamespace(text="Tea.", token_ids=[1], finish_reason="stop")
        outputs = [SimpleNamespace(request_id=name, finished=True, outputs=[said]) for name in self.in_hand]
        self.in_hand.clear()
        return outputs


def main() -> None:
    """Put the double in vLLM's place and run the module that is named."""
    contents: dict[str, dict[str, Any]] = {
        "vllm": {"LLM": Engine, "SamplingParams": SimpleNamespace, "__version__": "0"},
        "vllm.platforms": {"current_platform": SimpleNamespace(is_cpu=lambda: True, device_type="cpu")},
        "vllm.inputs": {"TokensPrompt": dict},
        "vllm.sampling_params": {
            "StructuredOutputsParams": SimpleNamespace,
            "RequestOutputKind": SimpleNamespace(FINAL_ONLY=2),
        },
        "vllm.v1.structured_output.backend_xgrammar": {"validate_xgrammar_grammar": lambda parameters: None},
    }
    for name, content in contents.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(content)
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
