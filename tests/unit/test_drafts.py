from datetime import date
from typing import Any

import pytest

from overture.configuration import load_config
from overture.core.drafts import REFUSALS, Draft, DraftRules, Subject, refusal_of
from overture.core.mentions import Names
from overture.core.prompts import own_words, parse_prompt
from overture.settings import PACKAGE

DAY = date(2017, 11, 28)
VALUES = {"title": "Ice - Crushed/Cubed", "price": "$2.49"}
TOLD = ["Name a moment, a place or a dish that suits the item.", "Nice for a pile of warm shirts."]
GOOD = "For a very hot day, think of {title}. Price: {price}."
NAMES = Names.of_catalogue(
    ["POTATO CHIPS", "ICE - CRUSHED/CUBED", "SALT"],
    ["Frosty Peak", "National"],
    {"least_title_words": 2, "least_title_characters": 5, "not_brands": ["national"]},
)
CHECKS = load_config("text_checks") | {"channels": {"push": {"length": [20, 120], "sentences": [1, 5]}}}
OWN = load_config("copy") | {
    "drafts": {
        "banned_words": ["click", "tap here"],
        "about_readers": ["your usual"],
        "dangling_words": ["with"],
        "repeated_word_letters": 5,
        "repeated_word_times": 2,
        "echo_words": 5,
    }
}
RULES = DraftRules.from_config(OWN, CHECKS, load_config("lexicons/en"))


def about(**others: Any) -> Subject:
    return Subject(
        values=VALUES, day=DAY, told=TOLD, own_names=["ICE - CRUSHED/CUBED", "FRZN ICE"], names=NAMES, **others
    )


def judged(text: str = GOOD, own: str | None = "a very hot day", finish: str = "stop") -> str | None:
    return refusal_of(Draft(text, finish), own, about(own_fields=["u-77", "Age 35-44"]), RULES)


def test_a_good_draft_passes() -> None:
    assert judged() is None


@pytest.mark.parametrize(
    ("text", "own", "finish", "reason"),
    [
        ("", None, "too_long_prompt", "too_long_prompt"),
        ("", None, "bad_grammar", "bad_grammar"),
        (GOOD, "a very hot day", "length", "unfinished"),
        (GOOD, "a very hot day", "abort", "unfinished"),
        ("For a hot day, think of {titel}.", "a hot day", "stop", "slot_unknown"),
        ("For a hot day, think of {title} in {size}.", "a hot day", "stop", "slot_unknown"),
        ("For a hot day, think of {title} {.", "a hot day", "stop", "slot_unknown"),
        ("For a hot day, think of ice. Price: {price}.", "a hot day", "stop", "slot_missing"),
        ("{title} and again {title} on a hot day.", "a hot day", "stop", "slot_missing"),
        ("For 24 hot days, think of {title}.", None, "stop", "digits"),
        ("For ٣ hot days, think of {title}.", None, "stop", "digits"),
        ("A $ for you, think of {title}.", None, "stop", "signs"),
        ("See shop.com for all of {title}.", None, "stop", "signs"),
        ("Buy {title} and nothing else.", None, "stop", "off_grammar"),
        (GOOD, "a click away from you", "stop", "banned_words"),
        (GOOD, "a good tap here", "stop", "banned_words"),
        (GOOD, "a cup of your usual", "stop", "banned_words"),
        (GOOD, "what you saw at walmart", "stop", "competitor"),
        (GOOD, "a bag from trader joe's", "stop", "competitor"),
        ("For a free lunch, think of {title}.", "a free lunch", "stop", "unproven_claim"),
        ("For the number one snack, think of {title}.", "the number one snack", "stop", "unproven_claim"),
        ("For an award winning drink, think of {title}.", "an award winning drink", "stop", "unproven_claim"),
        (GOOD, "a bowl of potato chips", "stop", "wrong_item"),
        (GOOD, "a can of frosty peak", "stop", "wrong_item"),
        (GOOD, "a pinch of salt", "stop", None),
        (GOOD, "a cube of crushed ice tea", "stop", None),
        (GOOD, "people of age 35-44", "stop", "personal_data"),
        (GOOD, "a warm evening with", "stop", "dangling"),
        (GOOD, "a day day outside", "stop", "repetition"),
        (GOOD, "summer and summer and summer", "stop", "repetition"),
        (GOOD, "a place or a dish that suits", "stop", "echo"),
        (GOOD, "a pile of warm shirts", "stop", "echo"),
        (GOOD, "a drink that is crusher", "stop", "tautology"),
        (GOOD, "a cube of crushed iced tea", "stop", None),
        ("{title}!", "", "stop", None),
        ("{title}" + " word" * 30 + ".", "word", "stop", "too_long"),
    ],
)
def test_a_bad_draft_is_refused_with_its_reason(text: str, own: str | None, finish: str, reason: str | None) -> None:
    assert judged(text, own, finish) == reason
    assert reason is None or reason in REFUSALS


def test_a_draft_that_nobody_generated_is_refused_as_such() -> None:
    assert refusal_of(None, None, about(), RULES) == "not_generated"


def test_a_text_shorter_than_the_least_is_refused_after_filling() -> None:
    assert refusal_of(Draft("{title}!", "stop"), "", Subject({"title": "Ice"}, DAY), RULES) == "too_short"


def test_a_banned_word_within_another_word_is_no_reason() -> None:
    assert judged(own="a clicking sound at night") is None


def test_a_title_may_say_what_the_writer_may_not() -> None:
    values = {"title": "Free & Clear 100% Detergent $"}
    draft = Draft("For a hot day, think of {title}.", "stop")
    assert refusal_of(draft, "a hot day", Subject(values, DAY), RULES) is None


def test_the_shipped_examples_pass_the_configured_rules() -> None:
    config = load_config("copy")
    version = config["message"]["prompt"]
    prompt = parse_prompt((PACKAGE / "prompts" / f"{version}.md").read_text(encoding="utf-8"), version)
    rules = DraftRules.from_config(config, load_config("text_checks"), load_config("lexicons/en"))
    subject = Subject(VALUES, DAY, told=[prompt.instructions])
    refusals = [
        refusal_of(Draft(reply, "stop"), own_words(prompt, ["title"], reply), subject, rules)
        for _, reply in prompt.examples
    ]
    assert refusals == [None] * len(prompt.examples)


def test_a_claim_in_words_passes_where_the_item_s_own_cell_proves_it() -> None:
    draft, words = Draft("For an organic snack, think of {title}.", "stop"), "an organic snack"
    assert refusal_of(draft, words, about(cells={"title": "ORGANIC SALAD MIX"}), RULES) is None
    assert refusal_of(draft, words, about(cells={"title": "SALAD MIX, NON-ORGANIC"}), RULES) == "unproven_claim"
