"""Reads a TOML table key by key; every key has one type, and a key that nobody asked for is refused."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from overture.errors import SettingsError

T = TypeVar("T")

NAMES: dict[type, str] = {
    str: "a text",
    float: "a number",
    bool: "true or false",
    date: "a date such as 2024-05-01, without quotes",
    dict: "a table",
    list: "a list of texts",
}


class TomlTable:
    """One table of a TOML file; raises SettingsError that names the file and the key."""

    def __init__(self, path: Path, content: Mapping[str, Any], prefix: str = "") -> None:
        self.path, self.prefix = path, prefix
        self._content = content
        self._asked: set[str] = set()

    @classmethod
    def read(cls, path: Path) -> "TomlTable":
        """Read a file; raise SettingsError when it is missing or no TOML."""
        try:
            return cls(path, tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsError("unreadable file", where=path, expected="a TOML file", got=error.strerror) from error
        except ValueError as error:
            raise SettingsError("not TOML", where=path, expected="a TOML file in UTF-8", got=error) from error

    def error(self, what: str, key: str, *, expected: object = None, got: object = None) -> SettingsError:
        """Return an error that names the file and the key."""
        return SettingsError(what, where=f"{self.path}, {self.prefix}{key}", expected=expected, got=got)

    def keys(self) -> list[str]:
        """Return the table's keys as they stand in the file."""
        return list(self._content)

    def get(self, key: str, kind: type[T], default: T | None = None) -> T | None:
        """Return a key's value, `default` where it is absent; raise SettingsError for a value of another type."""
        self._asked.add(key)
        if key not in self._content:
            return default
        value = self._content[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        wrong = not isinstance(value, kind) or (kind is date and isinstance(value, datetime))
        if wrong or (isinstance(value, list) and not all(isinstance(entry, str) for entry in value)):
            raise self.error("wrong type", key, expected=NAMES[kind], got=repr(value))
        return value  # type: ignore[no-any-return]

    def need(self, key: str, kind: type[T]) -> T:
        """Return a key's value; raise SettingsError when it is absent or of another type."""
        value = self.get(key, kind)
        if value is None:
            raise self.error("missing key", key, expected=NAMES[kind], got=f"keys {', '.join(self.keys()) or 'none'}")
        return value

    def table(self, key: str) -> "TomlTable":
        """Return a table inside this one; raise SettingsError when it is absent."""
        return TomlTable(self.path, self.need(key, dict), f"{self.prefix}{key}.")

    def refuse_unknown(self) -> None:
        """Raise SettingsError for a key that nobody asked for: a misspelling."""
        for key in self._content:
            if key not in self._asked:
                raise self.error("unknown key", key, expected=", ".join(sorted(self._asked)), got=key)
