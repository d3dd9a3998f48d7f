"""The libraries themselves, with the network cut off."""

import socket
from itertools import combinations
from typing import Any, NoReturn

import pytest

from overture.adapters.text_checks import TextChecks, near_duplicates, text_checks
from overture.composing import draft_rules
from overture.configuration import load_config
from overture.core.drafts import REFUSALS
from overture.core.prompts import plain_reply
from overture.core.slots import SLOTS
from overture.core.soft_claims import soft_claims_in
from overture.core.text_quality import wrong_writing
from overture.message_plans import prompt_of

RULES = load_config("text_checks")["near_duplicates"]


@pytest.fixture(autouse=True)
def _without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a text check went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def checks() -> TextChecks:
    return text_checks("en")


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        ("How about {title} for a pot of chili?", None),
        ("How about {title} for a bottle of rum?", None),
        ("{title}!", None),
        ("Für einen Abend mit Freunden: {title}.", "language"),
        ("Pour un repas entre amis: {title}.", "language"),
        ("How about {title} para una olla de chili con amigos?", "language"),
        ("适合和朋友一起的夏日野餐。今晚来一碗热汤。", "language"),
        ("How about {title} for a shit day?", "profanity"),
        ("How about {title} for a sh1t day?", "profanity"),
        ("How about {title} for a d a m n day?", "profanity"),
        ("How about {title} for all you motherfuckers?", "profanity"),
        ("How about {title}? Call us on 212-555-0187 today.", "personal_data"),
        ("How about {title}? Write to joe@example.com for more.", "personal_data"),
        ("How about {title} for the card 4111 1111 1111 1111?", "personal_data"),
        ("How about {title} at 10.20.30.40 in the morning?", "personal_data"),
        ("How about {title} for the account DE89370400440532013000?", "personal_data"),
        ("How about {title} for a miserable day of pain?", "sentiment"),
    ],
)
def test_a_text_that_nobody_should_read_is_refused_with_its_reason(
    checks: TextChecks, reply: str, refusal: str | None
) -> None:
    assert checks.refusal_of(reply) == refusal
    assert refusal is None or refusal in REFUSALS


@pytest.mark.parametrize("length", range(len(SLOTS)))
def test_every_reply_of_the_template_passes_what_a_draft_has_to(checks: TextChecks, length: int) -> None:
    rules = draft_rules()
    for others in combinations(SLOTS[1:], length):
        reply = plain_reply(prompt_of("template"), ["title", *others])
        assert wrong_writing(reply, rules.writing) is None
        assert checks.refusal_of(reply) is None
        assert soft_claims_in(reply, rules.lexicon) == ()


def test_prices_and_sizes_are_no_personal_data(checks: TextChecks) -> None:
    assert checks.personal_data("Price: $1,234.50. Size: 12 oz, 100 ct. It costs $2.49.") is None


@pytest.mark.parametrize("text", ["", " ", "...", "a", "\u0000\u202e", "\U0001f355" * 40])
def test_a_text_without_words_is_judged_without_error(checks: TextChecks, text: str) -> None:
    assert checks.refusal_of(text) in {None, "language"}


def test_the_texts_that_say_nearly_the_same_are_found() -> None:
    texts = [
        "How about {title} for a pot of chili?",
        "How about {title} for a big pot of chili?",
        "When you think of a rainy morning, think of {title} too.",
        "Planning a movie night with friends? Put {title} on your list.",
    ]
    assert near_duplicates(texts, RULES) == [True, True, False, False]


@pytest.mark.parametrize("texts", [[], ["How about {title}?"], ["", "a"]])
def test_few_or_short_texts_have_no_near_duplicates(texts: list[str]) -> None:
    assert near_duplicates(texts, RULES) == [False] * len(texts)


def test_near_duplicates_are_the_same_each_time_and_in_any_order() -> None:
    texts = [
        f"How about {{title}} for {word} on a day with {word}?"
        for word in ("tea", "soup", "bread", "teas", "soups", "rice")
    ]
    assert near_duplicates(texts, RULES) == near_duplicates(texts, RULES) == near_duplicates(texts[::-1], RULES)[::-1]
