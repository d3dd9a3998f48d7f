"""Embeddings of item texts: made once for each text, in the copy environment, and kept below OVERTURE_HOME."""

import hashlib
import io
import logging
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from overture.adapters.artifacts import version_of
from overture.adapters.copy_engine.embed import DIMENSIONS, FILES, MOST_TOKENS
from overture.adapters.copy_engine.exchange import write_lines
from overture.adapters.copy_process import run_module
from overture.adapters.turns import turn
from overture.errors import CopyEngineError, HomeError
from overture.settings import Settings

LOG = logging.getLogger("overture.embeddings")

WORKER: Final = "overture.adapters.copy_engine.embed"

VERSION: Final = version_of({"files": FILES, "most_tokens": MOST_TOKENS, "pooling": "mean of all tokens, length 1"})
"""12 hexadecimal characters that differ when anything that the embedding of a text depends on does."""

MOST_FILES: Final = 32
"""A day with a new text adds a file; so many become one."""

Embeddings = npt.NDArray[np.float32]
Keys = npt.NDArray[np.bytes_]


def embed(settings: Settings, texts: Sequence[str]) -> Embeddings:
    """Return the embedding of each text: float32 (texts, 384), rows of length 1, the same bits for ever in this home.

    A text that the home does not hold yet is embedded in the copy environment and kept by its sha256 and `VERSION` in
    OVERTURE_HOME/artifacts/embeddings; without such a text, nothing is started. Processes take turns, so that none
    embeds what another one is embedding. A damaged file is taken away, and what it held is made again.

    Raises HomeError when the home cannot be written, ModelError for a model that is missing or another one, and
    CopyEngineError when the copy environment is missing or fails.
    """
    distinct = sorted(set(texts))
    if not distinct:
        return np.empty((0, DIMENSIONS), np.float32)
    folder = settings.artifacts / "embeddings"
    keys = np.array([hashlib.sha256(text.encode()).hexdigest() for text in distinct], "S64")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with turn(folder / "turn"):
            known, found = _read(folder)
            missing = np.flatnonzero(~np.isin(keys, known))
            if len(missing):
                made = _generate(settings, [distinct[row] for row in missing])
                known, found = np.concatenate([known, keys[missing]]), np.concatenate([found, made])
                _keep(folder, known, found, len(missing))
    except OSError as error:
        expected = "a writable folder with free space"
        raise HomeError("embeddings cannot be kept", where=folder, expected=expected, got=error) from error
    order = np.argsort(known, kind="stable")
    rows = order[np.searchsorted(known[order], keys)]
    place_of = dict(zip(distinct, rows, strict=True))
    return found[[place_of[text] for text in texts]]


def embedded(settings: Settings, texts: Iterable[str]) -> Mapping[str, Embeddings]:
    """Return the embedding of each different text, by text: float32 (384,), as `embed` does, in one call."""
    different = sorted(set(texts))
    return dict(zip(different, embed(settings, different), strict=True))


def _read(folder: Path) -> tuple[Keys, Embeddings]:
    """Return what the whole files of this version hold; take away every other file of it."""
    parts = [(np.empty(0, "S64"), np.empty((0, DIMENSIONS), np.float32))]
    for path in _files(folder):
        content = path.read_bytes()
        if path.stem != f"{VERSION}-{hashlib.sha256(content).hexdigest()}":
            LOG.warning("embeddings: %s is damaged; what it held is made again", path)
            path.unlink()
            continue
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            parts.append((arrays["keys"], arrays["embeddings"]))
    keys, embeddings = zip(*parts, strict=True)
    return np.concatenate(keys), np.concatenate(embeddings)


def _keep(folder: Path, keys: Keys, embeddings: Embeddings, added: int) -> None:
    """Write the last `added` rows as a file; all rows as one where there are MOST_FILES already."""
    former = _files(folder)
    is_merged = len(former) >= MOST_FILES
    first = 0 if is_merged else len(keys) - added
    buffer = io.BytesIO()
    np.savez(buffer, keys=keys[first:], embeddings=embeddings[first:])
    path = folder / f"{VERSION}-{hashlib.sha256(buffer.getbuffer()).hexdigest()}.npz"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    # Only now: an end before this leaves rows twice, never none.
    for each in former if is_merged else []:
        with suppress(FileNotFoundError):
            each.unlink()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{VERSION}-*.npz"))


def _generate(settings: Settings, texts: Sequence[str]) -> Embeddings:
    LOG.info("embeddings: %d texts that are new", len(texts))
    folder = settings.scratch / f"embeddings-{uuid4().hex}"
    try:
        job, out = folder / "texts.jsonl", folder / "embeddings.npy"
        write_lines(job, ({"text": text} for text in texts))
        arguments = ["--texts", str(job), "--out", str(out)]
        run_module(settings.copy_python, WORKER, arguments, stderr=subprocess.DEVNULL)
        try:
            made = np.load(out, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise CopyEngineError("no embeddings", where=out, expected="an .npy file", got=error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if made.shape != (len(texts), DIMENSIONS) or made.dtype != np.float32:
        expected, got = f"float32 {(len(texts), DIMENSIONS)}", f"{made.dtype} {made.shape}"
        raise CopyEngineError("other embeddings than were asked for", where=WORKER, expected=expected, got=got)
    return np.asarray(made, np.float32)
