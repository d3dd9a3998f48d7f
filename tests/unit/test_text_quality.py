import pytest

from overture.configuration import load_config
from overture.core.drafts import REFUSALS
from overture.core.mentions import NO_NAMES, Names, names_other, words_of
from overture.core.text_quality import WritingRules, reading_ease, wrong_length, wrong_writing

RULES = WritingRules.from_config(load_config("text_checks"), "push")
NAMES = Names.of_catalogue(
    ["POTATO CHIPS", "Hot Dog Buns", "SALT", "", "12 OZ"],
    ["Frosty Peak", "National", "Zesta"],
    {"least_title_words": 2, "least_title_characters": 5, "not_brands": ["national", "private"]},
)


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        ("How about {title} for a very hot day? The price is {price}.", None),
        ("How about {title} for a <b>hot</b> day?", "markup"),
        ("How about {title} for a hot day &amp; night?", "markup"),
        ("How about {title} for a **hot** day?", "markup"),
        ("How about [{title}](shop) for a day?", "markup"),
        ("<|im_start|>How about {title}?", "markup"),
        ("How about {title}?\\n", "markup"),
        ("How about {title} for %20 a day?", "markup"),
        ("How about {{ title }} today?", "markup"),
        ("How about {title} for a hot day", "sentences"),
        ("Hot. Day. Is. It. Here. {title}.", "sentences"),
        ("For a day at the lake, {title}. For a day at the lake, {title}.", "repetition"),
        ("{title}: unquestionable intercontinental gastronomical considerations materialize.", "hard_to_read"),
    ],
)
def test_a_badly_written_text_is_refused_with_its_reason(reply: str, refusal: str | None) -> None:
    assert wrong_writing(reply, RULES) == refusal
    assert refusal is None or refusal in REFUSALS


@pytest.mark.parametrize(
    ("channel", "shortest", "longest"), [("push", 20, 200), ("email_subject", 10, 60), ("sms", 20, 160)]
)
def test_each_channel_has_its_length_both_ends_allowed(channel: str, shortest: int, longest: int) -> None:
    rules = WritingRules.from_config(load_config("text_checks"), channel)
    lengths = [shortest - 1, shortest, longest, longest + 1]
    assert [wrong_length("x" * length, rules) for length in lengths] == ["too_short", None, None, "too_long"]


def test_an_unknown_channel_is_an_error() -> None:
    with pytest.raises(KeyError):
        WritingRules.from_config(load_config("text_checks"), "smoke signals")


def test_long_words_and_long_sentences_are_harder_to_read() -> None:
    assert reading_ease("A hot day. A cold tea.") > reading_ease("A hot day and a cold tea and a long walk and a nap.")
    assert reading_ease("A hot day.") > reading_ease("Extraordinary temperatures.")
    assert reading_ease("") == 100.0


@pytest.mark.parametrize(
    ("words", "own", "is_other"),
    [
        ("a bag of potato chips", [], True),
        ("a potato chip", [], True),
        ("a potato, chips", [], True),
        ("a bag of potato chips", ["POTATO CHIPS"], False),
        ("a bag of potato chips", ["SWEET POTATO", "CORN CHIPS"], False),
        ("hot dog bun at noon", [], True),
        ("a hot dog", [], False),
        ("a pinch of salt", [], False),
        ("a can of zesta", [], True),
        ("a can of zesta", ["Zesta"], False),
        ("a frosty peak in winter", [], True),
        ("the national team", [], False),
        ("", [], False),
    ],
)
def test_a_text_may_name_no_other_item_or_brand(words: str, own: list[str], is_other: bool) -> None:
    assert names_other(words, NAMES, own) is is_other


def test_a_shop_without_names_forbids_none() -> None:
    assert not names_other("a bag of potato chips", NO_NAMES, [])
    assert words_of("12 OZ 100%") == ("oz",)
