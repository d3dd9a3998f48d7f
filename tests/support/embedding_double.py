"""Stands where the copy environment's interpreter does for the embedding worker: writes vectors made of a hash.

Started as `python embedding_double.py FOLDER ROWS_SHORT -m MODULE --texts FILE --out FILE`, by a script that
`make_python` writes. Notes each text that it is asked for in FOLDER/embedded.jsonl.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

DIMENSIONS = 384


def vector_of(text: str) -> np.ndarray:
    """Return a unit vector that only this text has."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    vector = np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def make_python(folder: Path, *, rows_short: int = 0) -> Path:
    """Return an interpreter that is none, in `folder`; with `rows_short`, it leaves out so many of the last texts."""
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "{folder}" {rows_short} "$@"\n', encoding="utf-8"
    )
    python.chmod(0o755)
    return python


def embedded(folder: Path) -> list[str]:
    """Return every text that the interpreter of `folder` was asked for, in order."""
    noted = folder / "embedded.jsonl"
    return [json.loads(line) for line in noted.read_text(encoding="utf-8").splitlines()] if noted.exists() else []


def main(folder: str, rows_short: str, _flag: str, _module: str, *options: str) -> None:
    """Do what the worker would."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    texts = [json.loads(line)["text"] for line in Path(given["--texts"]).read_text(encoding="utf-8").splitlines()]
    with (Path(folder) / "embedded.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(text) + "\n" for text in texts)
    kept = texts[: len(texts) - int(rows_short)]
    np.save(given["--out"], np.array([vector_of(text) for text in kept], np.float32).reshape(-1, DIMENSIONS))


if __name__ == "__main__":
    main(*sys.argv[1:])
