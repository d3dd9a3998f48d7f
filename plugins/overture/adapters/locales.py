"""The door to Babel: what a locale's name says, which of ours suits a reader's, and how it writes prices."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from overture.core.slots import Figures
from overture.errors import SettingsError

LONGEST_NAME = 40
_BESIDE_LETTERS = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where CLDR parts a currency of letters from its figure by a space (`currencySpacing`), and Babel does not."""


@dataclass(frozen=True)
class Tag:
    """A locale that CLDR knows. script: None where the language has one only, or none is said."""

    language: str
    script: str | None
    territory: str | None


@lru_cache(maxsize=4096)
def tag_of(name: str) -> Tag | None:
    """Return what a name such as `zh_TW` or `zh-Hant-TW` says; None for a language that CLDR does not know.

    Of a known language with a region that it does not know the language alone. A language goes by its shortest code, as
    BCP 47 has it: `zho` is not `zh`.

    >>> tag_of("zh-tw"), tag_of("Klingon")
    (Tag(language='zh', script='Hant', territory='TW'), None)
    """
    from babel import Locale, UnknownLocaleError

    plain = name[:LONGEST_NAME].strip().replace("-", "_")
    for said in (plain, plain.split("_")[0]):
        try:
            found = Locale.parse(said)
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        is_as_said = found.language == plain.split("_")[0].lower()
        return Tag(found.language, found.script, found.territory) if is_as_said else None
    return None


def nearest(asked: str | None, ours: Sequence[str]) -> str:
    """Return the one of our locales that a reader of `asked` is written to in; the first of them is the shop's own.

    That very locale, else another region's of the same language and script, else of the same language, else the shop's.
    """
    wanted = tag_of(asked or "")
    if wanted is None:
        return ours[0]
    known = [(tag_of(name), name) for name in ours]
    tests = (
        lambda tag: tag == wanted,
        lambda tag: (tag.language, tag.script) == (wanted.language, wanted.script),
        lambda tag: tag.language == wanted.language,
    )
    return next((name for test in tests for tag, name in known if tag is not None and test(tag)), ours[0])


def figures_of(locale: str, units: Mapping[str, Any]) -> Figures:
    """Return how a locale writes figures. units: as `config/units.toml`, by language.

    Raises SettingsError for a locale that CLDR does not know, and for a language without units.
    """
    from babel import Locale
    from babel.numbers import get_decimal_symbol

    tag = tag_of(locale)
    if tag is None or tag.language not in units:
        expected = f"a locale such as en_US, in one of the languages of units.toml: {', '.join(units)}"
        raise SettingsError("no such locale to write in", where="config/copy.toml", expected=expected, got=locale)
    stated = units[tag.language]

    @lru_cache(maxsize=65_536)
    def price(amount: Decimal, currency: str) -> str | None:
        return readable_price(amount, currency, locale)

    sign = get_decimal_symbol(Locale.parse(locale))
    return Figures(price, sign, stated["names"], stated["before"])


def readable_price(amount: Decimal | None, currency: str, locale: str) -> str | None:
    """Return a price as the locale writes it; None where there is none, or none above zero.

    None also for an amount that the currency has no coins for: rounded, it would say other than its cell.

    >>> readable_price(Decimal("1234.5"), "USD", "en_US"), readable_price(Decimal("1234.5"), "USD", "zh_CN")
    ('$1,234.50', 'US$1,234.50')
    >>> readable_price(Decimal("1200"), "JPY", "zh_CN"), readable_price(Decimal("0.5"), "JPY", "zh_CN")
    ('JP¥1,200', None)
    """
    from babel.numbers import format_currency, get_currency_precision

    if amount is None or amount <= 0 or amount != round(amount, get_currency_precision(currency)):
        return None
    return _BESIDE_LETTERS.sub("\N{NO-BREAK SPACE}", format_currency(amount, currency, locale=locale))
