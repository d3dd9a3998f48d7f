import pytest

from overture.configuration import load_config
from overture.core.drafts import REFUSALS, Draft, DraftRules, refusal_of
from overture.core.prompts import own_words, parse_prompt
from overture.settings import PACKAGE

VALUES = {"title": "Ice - Crushed/Cubed", "price": "$2.49"}
TOLD = ["Name a moment, a place or a dish that suits the item.", "Nice for a pile of warm shirts."]
GOOD = "For a very hot day, think of {title}. Price: {price}."
RULES = DraftRules(
    text_length=(20, 120),
    banned_words={"free", "number one"},
    dangling_words={"with"},
    repeated_word_letters=5,
    repeated_word_times=2,
    echo_words=5,
)


def judged(text: str = GOOD, own: str | None = "a very hot day", finish: str = "stop") -> str | None:
    return refusal_of(Draft(text, finish), VALUES, own, RULES, TOLD)


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
        (GOOD, "a free lunch today", "stop", "banned_words"),
        (GOOD, "the number one snack", "stop", "banned_words"),
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
    assert refusal_of(None, VALUES, None, RULES, TOLD) == "not_generated"


def test_a_text_shorter_than_the_least_is_refused_after_filling() -> None:
    assert refusal_of(Draft("{title}!", "stop"), {"title": "Ice"}, "", RULES, TOLD) == "too_short"


def test_a_banned_word_within_another_word_is_no_reason() -> None:
    assert judged(own="a freezing winter morning") is None


def test_a_title_may_say_what_the_writer_may_not() -> None:
    values = {"title": "Free & Clear 100% Detergent $"}
    assert refusal_of(Draft("For a hot day, think of {title}.", "stop"), values, "a hot day", RULES, TOLD) is None


def test_the_shipped_examples_pass_the_configured_rules() -> None:
    config = load_config("copy")
    version = config["message"]["prompt"]
    prompt = parse_prompt((PACKAGE / "prompts" / f"{version}.md").read_text(encoding="utf-8"), version)
    rules = DraftRules.from_config(config)
    refusals = [
        refusal_of(Draft(reply, "stop"), VALUES, own_words(prompt, ["title"], reply), rules, [prompt.instructions])
        for _, reply in prompt.examples
    ]
    assert refusals == [None] * len(prompt.examples)
    assert "discount" in rules.banned_words
