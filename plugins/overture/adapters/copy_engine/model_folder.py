"""A model folder: what must lie in it, and the manifest that proves it whole; standard library only."""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overture.errors import ModelError

MANIFEST = "manifest.json"
EDGE = 2**20
"""Bytes hashed at each end of a foreign weights file, which may be too large to read in full at every step."""


def write_manifest(folder: Path, name: str, source: Mapping[str, str], converter: Mapping[str, str]) -> None:
    """Write the manifest of a finished folder: where it comes from, what made it, a sha256 (hex) of every file."""
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    content = {"name": name, "source": dict(source), "converter": dict(converter), "files": files}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def verify_folder(folder: Path) -> str:
    """Return the fingerprint (hex) of a whole model folder; raise ModelError, naming what is wrong, for any other.

    With a manifest every byte is compared. Without one, the needed files must be there and each weights file as long
    as its own header says; the fingerprint is then over the small files and both ends of the weights.
    """
    if not folder.is_dir():
        raise ModelError("no such model", where=folder, expected="a model folder", got="nothing there")
    _require_parts(folder)
    if (folder / MANIFEST).is_file():
        return _verify_manifest(folder)
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        if path.suffix in (".json", ".jinja", ".model", ".txt", ".safetensors"):
            digest.update(f"{path.name} {path.stat().st_size} {_edges_of(path)}\n".encode())
    return digest.hexdigest()


def _verify_manifest(folder: Path) -> str:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: dict[str, str] = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "damaged model manifest", where=folder / MANIFEST, expected="files and hashes", got=error
        ) from error
    for name, expected in files.items():
        path = folder / name
        got = sha256_of(path) if path.is_file() else "nothing there"
        if got != expected:
            raise ModelError(
                "damaged model; remove the folder to have it made again",
                where=path,
                expected=f"sha256 {expected}",
                got=got,
            )
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _require_parts(folder: Path) -> None:
    config = _json(folder / "config.json")
    missing = [] if config else ["config.json"]
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        missing.append("tokenizer.json")
    if not (folder / "chat_template.jinja").is_file() and "chat_template" not in _json(
        folder / "tokenizer_config.json"
    ):
        missing.append("chat_template.jinja")
    index = _json(folder / "model.safetensors.index.json").get("weight_map", {})
    weights = sorted(set(index.values())) or ["model.safetensors"]
    missing += [name for name in weights if not (folder / name).is_file()]
    if missing:
        found = ", ".join(sorted(path.name for path in folder.iterdir())) or "an empty folder"
        raise ModelError("half a model", where=folder, expected=", ".join(missing), got=found)
    for name in weights:
        _require_whole(folder / name)
    _require_tokenizer(folder, config)


def require_context(folder: Path, tokens: int) -> None:
    """Raise ModelError where a model was made for fewer tokens, prompt and reply together, than it would be given."""
    most = _json(folder / "config.json").get("max_position_embeddings")
    if isinstance(most, int) and most < tokens:
        expected = f"[engine] context_tokens of at most {most} in config/copy.toml, or a model of a longer context"
        raise ModelError("a model of too short a context", where=folder, expected=expected, got=tokens)


def _require_tokenizer(folder: Path, config: Mapping[str, Any]) -> None:
    """Raise ModelError for a tokenizer that names tokens which the model does not have, as that of another one does."""
    tokenizer, size = _json(folder / "tokenizer.json"), config.get("vocab_size")
    vocabulary = (tokenizer.get("model") or {}).get("vocab") or {}
    ids = [*vocabulary.values()] if isinstance(vocabulary, dict) else [len(vocabulary) - 1]
    ids += [token.get("id", 0) for token in tokenizer.get("added_tokens") or ()]
    if isinstance(size, int) and ids and max(ids) >= size:
        expected = f"ids below the vocab_size {size} of config.json"
        raise ModelError(
            "another model's tokenizer", where=folder / "tokenizer.json", expected=expected, got=f"id {max(ids)}"
        )


def _require_whole(path: Path) -> None:
    """Raise ModelError unless a safetensors file is exactly as long as its header promises."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length if length < size else 0))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ModelError("half a model", where=path, expected="a safetensors header", got=error) from error
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise ModelError("half a model", where=path, expected=f"{expected} bytes", got=f"{size} bytes")


def sha256_of(path: Path) -> str:
    """Return the sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _edges_of(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(EDGE))
        file.seek(max(0, path.stat().st_size - EDGE))
        digest.update(file.read(EDGE))
    return digest.hexdigest()


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
