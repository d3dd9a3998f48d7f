"""Trained factors on disk: one folder a day with an .npz file and the manifest that vouches for it."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from overture.core.factors import Factors
from overture.errors import ArtifactError, HomeError
from overture.settings import CHECKOUT, Settings

FACTORS = "factors.npz"
MANIFEST = "manifest.json"
ARRAYS = ("user_factors", "item_factors", "user_ids", "item_ids")


def factors_folder(settings: Settings, day: date) -> Path:
    """Return the folder of a day's factors."""
    return settings.artifacts / "factors" / day.isoformat()


def save_factors(folder: Path, factors: Factors, manifest: Mapping[str, Any]) -> None:
    """Make `folder` hold these factors and their manifest, with the sha256 of the .npz added under `files`.

    All is written to a folder beside it, which then takes its name: whoever loads sees the former factors, none for
    an instant, or these, but never half of them. Raises HomeError when it cannot be written.
    """
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}")
    try:
        unfinished.mkdir(parents=True)
        np.savez(unfinished / FACTORS, **{name: getattr(factors, name) for name in ARRAYS})
        content = {**manifest, "files": {FACTORS: _sha256(unfinished / FACTORS)}}
        (unfinished / MANIFEST).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        _take_name(unfinished, folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise HomeError(
            "the factors cannot be written", where=folder, expected="a writable folder with free space", got=error
        ) from error


def load_factors(folder: Path) -> tuple[Factors, dict[str, Any]]:
    """Return the factors and their manifest; raise ArtifactError when they are missing, half-written or altered."""
    manifest = load_manifest(folder)
    path = folder / FACTORS
    try:
        expected, got = manifest["files"][FACTORS], _sha256(path)
        if got != expected:
            raise ArtifactError("altered factors", where=path, expected=f"sha256 {expected}", got=got)
        with np.load(path, allow_pickle=False) as arrays:
            return Factors(**{name: arrays[name] for name in ARRAYS}), manifest
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError("damaged factors", where=path, expected="what train_factors wrote", got=error) from error


def load_manifest(folder: Path) -> dict[str, Any]:
    """Return a day's manifest without its factors; raise ArtifactError when it is missing or half-written."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError("no factors", where=path, expected="train_factors before this step", got="none") from None
    except (OSError, ValueError) as error:
        raise ArtifactError("unreadable manifest", where=path, expected="JSON", got=error) from error
    if not isinstance(content, dict):
        raise ArtifactError("unreadable manifest", where=path, expected="a JSON object", got=type(content).__name__)
    return content


def write_text(path: Path, text: str) -> None:
    """Make `path` hold the text: a reader sees the former one or this, never half. Raise HomeError where it cannot."""
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise HomeError(
            "a file cannot be written", where=path, expected="a writable folder with free space", got=error
        ) from error


def version_of(identity: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal characters that differ when anything in `identity` (JSON types) does."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def package_versions(*names: str) -> dict[str, str]:
    """Return the installed version of each package; "unknown" for one that has no metadata."""
    found = {}
    for name in names:
        found[name] = "unknown"
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def git_revision() -> str | None:
    """Return the checkout's commit, with "+" where files differ from it; None outside a checkout. Never raises."""
    try:
        commit, changes = (
            subprocess.run(  # noqa: S603
                ["git", *arguments],  # noqa: S607
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changes else "")


def _take_name(unfinished: Path, folder: Path) -> None:
    """Rename over `folder`, which no system can do in one move where it exists: the former one steps aside first."""
    former = folder.with_name(f".{folder.name}.{uuid4().hex}")
    with suppress(FileNotFoundError):
        folder.rename(former)
    unfinished.rename(folder)
    shutil.rmtree(former, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
