"""Which locale a reader is written to in, and how each locale writes prices and sizes."""

from decimal import Decimal

import pytest
from babel import Locale
from babel.numbers import get_currency_precision, get_decimal_symbol, list_currencies

from overture.adapters.locales import figures_of, nearest, readable_price, tag_of
from overture.adapters.model_store import Model
from overture.configuration import load_config
from overture.core.slots import readable_size
from overture.core.titles import readable_title
from overture.errors import SettingsError
from overture.languages import figures_for, is_written, lexicon_for, locale_for, locales, stated_for
from overture.message_plans import fact_rules, prompt_of

ENGLISH = Model("paper", "paper", "f" * 64)
BOTH = Model("paper", "paper", "f" * 64, ("en", "zh"))
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "read"),
    [
        ("2.49", "USD", "en_US", "$2.49"),
        ("0.5", "USD", "en_US", "$0.50"),
        ("1234.5", "USD", "en_US", "$1,234.50"),
        ("1234567.89", "USD", "en_US", "$1,234,567.89"),
        ("1234.5", "EUR", "en_US", "€1,234.50"),
        ("10", "CHF", "en_US", f"CHF{NBSP}10.00"),
        ("1234.5", "EUR", "de_DE", f"1.234,50{NBSP}€"),
        ("1234.5", "CNY", "zh_CN", "¥1,234.50"),
        ("1234.5", "USD", "zh_CN", "US$1,234.50"),
        ("88", "TWD", "zh_TW", "$88.00"),
        ("1200", "JPY", "en_US", "¥1,200"),
        ("1200.00", "JPY", "zh_CN", "JP¥1,200"),
        ("1.5", "KWD", "en_US", f"KWD{NBSP}1.500"),
    ],
)
def test_a_price_is_written_as_its_locale_and_currency_write_it(
    amount: str, currency: str, locale: str, read: str
) -> None:
    assert readable_price(Decimal(amount), currency, locale) == read


@pytest.mark.parametrize("amount", ["0", "-1", "100.50", None])
def test_an_amount_that_cannot_be_said_exactly_is_left_unsaid(amount: str | None) -> None:
    assert readable_price(None if amount is None else Decimal(amount), "JPY", "en_US") is None


@pytest.mark.parametrize(
    ("raw", "locale", "read"),
    [
        ("22 LB", "en_US", "22 lb"),
        ("12.5 OZ", "zh_CN", "12.5盎司"),
        (".5 L", "zh_TW", "0.5升"),
        ("1 DZ", "zh_CN", "1打"),
        ("12.5 G", "de_DE", "12,5 g"),
        ("12.5 OZ", "de_DE", None),
        ("3 LB/CS", "zh_CN", None),
    ],
)
def test_a_size_has_the_decimal_sign_and_the_units_of_its_locale(raw: str, locale: str, read: str | None) -> None:
    assert readable_size(raw, figures_of(locale, load_config("units"))) == read


@pytest.mark.parametrize(
    ("reader", "ours"),
    [
        ("en_US", "en_US"), ("zh_CN", "zh_CN"), ("zh-CN", "zh_CN"), ("ZH_cn", "zh_CN"), ("zh-Hans-CN", "zh_CN"),
        ("zh", "zh_CN"), ("zh_SG", "zh_CN"), ("zh_TW", "zh_TW"), ("zh_HK", "zh_TW"), ("zh-Hant", "zh_TW"),
        ("zh_ZZ", "zh_CN"), ("en_GB", "en_US"), ("fr_FR", "en_US"), ("xx_YY", "en_US"), ("Chinese", "en_US"),
        ("", "en_US"), (None, "en_US"), ("zh" * 400, "en_US"), ("und", "en_US"),
    ],
)  # fmt: skip
def test_a_reader_is_written_to_in_his_locale_else_another_of_his_script_else_the_shop_s(
    reader: str | None, ours: str
) -> None:
    assert locale_for(reader) == ours


def test_a_reader_of_another_script_gets_his_language_before_the_shop_s() -> None:
    assert nearest("zh_TW", ["en_US", "zh_CN"]) == "zh_CN"


@pytest.mark.parametrize(
    ("model", "reader", "is_so"),
    [
        (ENGLISH, "en_US", True), (ENGLISH, "en_GB", True), (ENGLISH, None, True), (ENGLISH, "zh_CN", False),
        (ENGLISH, "fr_FR", False), (ENGLISH, "Klingon", False), (BOTH, "zh_CN", True), (BOTH, "zh_SG", True),
        (BOTH, "zh_TW", False), (BOTH, "fr_FR", False),
    ],
)  # fmt: skip
def test_a_model_is_asked_only_in_a_language_that_it_writes_and_has_a_prompt_in(
    model: Model, reader: str | None, is_so: bool
) -> None:
    assert is_written(model, reader) is is_so


@pytest.mark.parametrize("locale", locales())
def test_everything_that_a_locale_needs_is_there(locale: str) -> None:
    assert tag_of(locale) is not None
    assert prompt_of("template", locale).openings
    assert lexicon_for(locale)["claims"]
    assert fact_rules(locale).figures.units
    assert stated_for(locale)["decimal_sign"] == get_decimal_symbol(Locale.parse(locale))


def test_the_decimals_that_the_gate_asks_for_are_those_of_each_currency() -> None:
    digits = load_config("gates")["messages"]["minor_digits"]
    assert {code: get_currency_precision(code) for code in list_currencies()} == {
        code: digits.get(code, 2) for code in list_currencies()
    }


@pytest.mark.parametrize("locale", ["xx_YY", "fr_FR", ""])
def test_a_shop_that_writes_in_a_locale_without_support_is_told_so(locale: str) -> None:
    with pytest.raises(SettingsError, match="no such locale to write in"):
        figures_of(locale, load_config("units"))


@pytest.mark.parametrize(
    "title",
    [
        "有机绿茶",
        "手工面（2人份）",
        "蒙牛·纯牛奶 250毫升×12盒",
        "老干妈®风味豆豉",
        "「限定」抹茶",
        "café 咖啡豆",
        "𠮷野家牛丼",
        "茶",
    ],
)  # fmt: skip
def test_a_title_in_chinese_characters_is_shown_as_it_is(title: str) -> None:
    assert readable_title(title, fact_rules("zh_CN").titles) == title


def test_a_price_is_formatted_once_however_many_readers_it_is_told() -> None:
    figures = figures_for("zh_CN")
    assert figures.price(Decimal("7.77"), "USD") is figures.price(Decimal("7.77"), "USD")
