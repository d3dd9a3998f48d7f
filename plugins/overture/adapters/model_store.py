"""Where the language model comes from: converted once, named by a setting, or served elsewhere; verified before use."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from overture.adapters.copy_engine.model_folder import verify_folder
from overture.adapters.copy_engine.served_engine import served_names, split_address
from overture.adapters.copy_process import run_module
from overture.adapters.turns import turn
from overture.configuration import load_config
from overture.errors import ModelError
from overture.settings import Settings

BUNDLED = "SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Model:
    """A model that is ready. location: a folder, or a served model's address; name: what drafts are signed with.

    fingerprint: sha256 (hex) of its files; of its address for a served one, whose files are out of sight. languages:
    that it writes (ISO 639).
    """

    location: str
    name: str
    fingerprint: str
    languages: tuple[str, ...] = ("en",)


def is_address(location: str) -> bool:
    """Say whether OVERTURE_MODEL names a served model and no folder."""
    return location.startswith(("http://", "https://"))


def ensure_model(settings: Settings) -> Model:
    """Return the model, after converting the bundled one where it is missing.

    Raises ModelError for a model that is unknown, half-written or damaged, and CopyEngineError when the copy
    environment fails. Processes that come at the same time wait for the one that converts.
    """
    folder = settings.models / BUNDLED
    if settings.model is None and not folder.exists():
        settings.models.mkdir(parents=True, exist_ok=True)
        with turn(settings.models / ".conversion"):
            if not folder.exists():
                _convert(settings, folder)
    return locate_model(settings)


def locate_model(settings: Settings) -> Model:
    """Return the model, verified; raise ModelError when it is not there, not whole or not served."""
    languages = languages_of(settings)
    if settings.model is not None and is_address(settings.model):
        return replace(_served(settings.model), languages=languages)
    folder = settings.models / BUNDLED if settings.model is None else Path(settings.model).expanduser().absolute()
    return Model(str(folder), folder.name, verify_folder(folder), languages)


def ensure_whole(settings: Settings, name: str, fingerprint: str) -> Model:
    """Return a tuned model of this home, verified; raise ModelError where it is missing, damaged or another one."""
    folder = settings.models / name
    got = verify_folder(folder) if folder.is_dir() else "nothing there"
    if got != fingerprint:
        expected = f"fingerprint {fingerprint}; overture tune-copy-model --day with its day makes one again"
        raise ModelError("not the tuned model in force", where=folder, expected=expected, got=got)
    return Model(str(folder), name, fingerprint, languages_of(settings))


def languages_of(settings: Settings) -> tuple[str, ...]:
    """Return what the settings' model writes, as `config/copy.toml` states; what was tuned from it writes the same."""
    stated = load_config("copy")["languages"]
    return tuple(stated.get(model_name(settings), stated["*"]))


def model_name(settings: Settings) -> str:
    """Return what the settings' model is called on drafts and messages, ready or not."""
    if settings.model is None:
        return BUNDLED
    return split_address(settings.model)[1] if is_address(settings.model) else Path(settings.model).name


def copy_python(settings: Settings) -> Path:
    """Return the interpreter that drafts are generated with: ours for a served model, which needs no engine here."""
    is_served = settings.model is not None and is_address(settings.model)
    return Path(sys.executable) if is_served else settings.copy_python


def _served(address: str) -> Model:
    base, name = split_address(address)
    names = served_names(base)
    if name not in names:
        raise ModelError("not a model of this server", where=base, expected=", ".join(names), got=name)
    return Model(address, name, hashlib.sha256(address.encode()).hexdigest())


def _convert(settings: Settings, folder: Path) -> None:
    run_module(
        settings.copy_python, "overture.adapters.copy_engine.convert", ["--out", str(folder)], stderr=subprocess.DEVNULL
    )
