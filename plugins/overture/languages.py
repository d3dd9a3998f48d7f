"""Which locale a message is written in, whether a model may be asked for it, and what is configured for each locale."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from overture.adapters.locales import figures_of, nearest, tag_of
from overture.adapters.model_store import Model
from overture.configuration import load_config
from overture.core.slots import Figures
from overture.errors import SettingsError


@cache
def locales() -> tuple[str, ...]:
    """Return the locales that there is a template of, the shop's own first."""
    config = load_config("copy")
    return (config["message"]["locale"], *config.get("locales", {}))


@lru_cache(maxsize=4096)
def locale_for(reader: str | None) -> str:
    """Return the locale that a reader of this one is written to in; the shop's own for an unknown one and for None."""
    return nearest(reader, locales())


def is_written(model: Model, reader: str | None) -> bool:
    """Say whether the model writes the language of a reader's locale, and we have a prompt in it.

    A reader of no stated locale is written to in the shop's own.
    """
    wanted, ours = tag_of(reader or locales()[0]), locale_for(reader)
    if wanted is None or wanted.language != language_of(ours):
        return False
    return wanted.language in model.languages and "prompt" in stated_for(ours)


@cache
def language_of(locale: str) -> str:
    """Return the language (ISO 639) of one of our locales; raise SettingsError where CLDR does not know it."""
    tag = tag_of(locale)
    if tag is None:
        raise SettingsError("no such locale", where="config/copy.toml", expected="a name such as en_US", got=locale)
    return tag.language


def stated_for(locale: str) -> Mapping[str, Any]:
    """Return what `config/copy.toml` states for a locale: prompt, template, voice, examples and decimal sign."""
    config = load_config("copy")
    stated: Mapping[str, Any] = config["message"] if locale == locales()[0] else config["locales"][locale]
    return stated


def lexicon_for(locale: str) -> Mapping[str, Any]:
    """Return the lexicon of a locale's language; raise SettingsError where it is missing."""
    return load_config(f"lexicons/{language_of(locale)}")


@cache
def figures_for(locale: str) -> Figures:
    """Return how a locale writes prices and sizes."""
    return figures_of(locale, load_config("units"))
