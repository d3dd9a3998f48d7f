"""Secrets of one home: made once, readable by their owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from overture.adapters.turns import turn

USER = "admin"


@dataclass(frozen=True)
class Credentials:
    """What Airflow's parts prove themselves to each other with, and the password that a person logs in with."""

    password: str
    jwt_secret: str
    api_secret_key: str


def credentials(folder: Path) -> Credentials:
    """Return the secrets kept in `folder`; make them, and Airflow's password file, where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    with turn(folder / "secrets.turn"):
        if path.exists():
            kept = Credentials(**json.loads(path.read_text(encoding="utf-8")))
        else:
            kept = Credentials(secrets.token_urlsafe(12), secrets.token_urlsafe(64), secrets.token_urlsafe(32))
            write_private(path, json.dumps(asdict(kept)))
        write_private(passwords_file(folder), json.dumps({USER: kept.password}) + "\n")
    return kept


def passwords_file(folder: Path) -> Path:
    """Return where Airflow's simple auth manager reads the passwords."""
    return folder / "passwords.json"


def write_private(path: Path, text: str) -> None:
    """Put `text` into a file that only its owner can read, whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)
