"""Makes the recommendation strategies that `config/strategies.toml` names, each with its parameters."""

import importlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from overture.configuration import load_config
from overture.core.strategies import Strategy
from overture.errors import SettingsError

FILE = "strategies.toml"
ONLY_WHEN_NAMED = "only_when_named"
"""In a section: the strategy is not among all of them, for it needs more than they do."""


def load_strategies(names: Iterable[str] | None = None, config: Mapping[str, Any] | None = None) -> dict[str, Strategy]:
    """Return the named strategies by name in the order asked for, or all but those that must be named.

    config: name -> table with `class` ("module:Class"), `only_when_named` where that is so, and the class's parameters;
    `config/strategies.toml` where it is not given. Raises SettingsError for a name that is not registered, a class that
    cannot be imported or has no method `fit`, and a parameter that the class does not know or refuses.
    """
    sections = load_config("strategies") if config is None else config
    wanted = [name for name in sections if not _must_be_named(name, sections[name])] if names is None else list(names)
    for name in wanted:
        if name not in sections:
            raise SettingsError("unknown strategy", where=FILE, expected=", ".join(sections), got=name)
    return {name: _make(name, sections[name]) for name in wanted}


def _must_be_named(name: str, section: object) -> bool:
    stated = section.get(ONLY_WHEN_NAMED, False) if isinstance(section, Mapping) else False
    if not isinstance(stated, bool):
        where = f"{FILE}, {name}, {ONLY_WHEN_NAMED}"
        raise SettingsError("bad value", where=where, expected="true or false", got=repr(stated))
    return stated


def _make(name: str, section: object) -> Strategy:
    if not isinstance(section, Mapping) or not isinstance(section.get("class"), str):
        expected = 'a table with class = "module:Class"'
        raise SettingsError("bad strategy", where=f"{FILE}, {name}", expected=expected, got=repr(section))
    kind = _import(name, section["class"])
    parameters = {key: value for key, value in section.items() if key not in ("class", ONLY_WHEN_NAMED)}
    known = list(inspect.signature(kind).parameters)
    for key in parameters:
        if key not in known:
            expected = ", ".join(known) or "none"
            raise SettingsError("unknown parameter", where=f"{FILE}, {name}", expected=expected, got=key)
    try:
        strategy: Strategy = kind(**parameters)
    except (TypeError, ValueError) as error:
        raise SettingsError("bad parameter", where=f"{FILE}, {name}", got=error) from error
    return strategy


def _import(name: str, path: str) -> type:
    """Return the class that "module:Class" names; raise SettingsError where there is none with a method `fit`."""
    where = f"{FILE}, {name}, class"
    module, _, class_name = path.partition(":")
    try:
        kind = getattr(importlib.import_module(module), class_name)
    # A module of the user's own may raise anything while it is imported.
    except Exception as error:
        got = f"{path}: {type(error).__name__}: {error}"
        raise SettingsError("cannot import a strategy", where=where, expected="module:Class", got=got) from error
    if not isinstance(kind, type) or not callable(getattr(kind, "fit", None)):
        raise SettingsError("no strategy", where=where, expected="a class with a method fit", got=path)
    return kind
