"""A model folder that looks whole from outside and holds nothing: for everything that only verifies models."""

import json
import struct
from pathlib import Path


def make_paper_model(folder: Path, weights: bytes = b"\x00" * 8) -> Path:
    """Write configuration, tokenizer, chat template and one tensor of eight bytes; return the folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    (folder / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + weights)
    return folder
