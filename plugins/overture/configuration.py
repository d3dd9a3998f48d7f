"""How models behave: the TOML files of `config/`, and one hash over all of them."""

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from overture.errors import SettingsError
from overture.settings import PACKAGE

FOLDER = PACKAGE / "config"


@cache
def load_config(name: str) -> Mapping[str, Any]:
    """Return `config/<name>.toml`; raise SettingsError when it is missing or no TOML."""
    path = FOLDER / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("unreadable configuration", where=path, expected="a TOML file", got=error) from error


def config_hash(*beside: str) -> str:
    """Return a sha256 (hex, 64 characters) over every configuration file's name and bytes, in name order.

    beside: what else decides how models behave, such as the version of a tuned configuration.
    """
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*.toml")):
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for text in beside:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()
