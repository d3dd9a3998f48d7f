"""The checks of drafts in Chinese: true texts pass, and false ones are refused; no model is asked."""

from collections import Counter

import pytest

from bench.truth import Judgement, judged, labelled_chinese, share
from overture.adapters.text_checks import text_checks
from overture.composing import draft_rules
from overture.core.drafts import Draft, Subject, refusal_of
from overture.core.prompts import grammar, own_words
from overture.core.soft_claims import CellReading, soft_claims_in
from overture.core.text_quality import wrong_length, wrong_writing
from overture.message_plans import prompt_of

RULES = draft_rules("zh_CN")
PROMPT = prompt_of("prompt", "zh_CN")
TEA = {"title": "有机绿茶"}


@pytest.fixture(scope="module")
def found() -> list[Judgement]:
    return judged(labelled_chinese(), "zh_CN")


def claims_in(text: str) -> list[str]:
    return [claim.name for claim in soft_claims_in(text, RULES.lexicon)]


def refusal(text: str, title: str = "POTATO CHIPS", **others: object) -> str | None:
    subject = Subject(values={"title": title}, day=None, told=PROMPT.told, **others)  # type: ignore[arg-type]
    return refusal_of(Draft(text, "stop"), own_words(PROMPT, ["title"], text), subject, RULES)


def test_the_set_has_true_and_false_drafts_of_every_kind() -> None:
    labels = Counter(draft["label"] for draft in labelled_chinese())
    kinds = {draft["kind"] for draft in labelled_chinese() if not draft["label"]}
    assert min(labels[True], labels[False]) >= 30
    assert kinds >= {"dietary", "award", "popularity", "newness", "superlative", "price", "health", "safety"}


def test_planted_false_drafts_are_refused_for_what_they_say(found: list[Judgement]) -> None:
    false = [one for one in found if not one.draft["label"] and one.draft["split"] == "seen"]
    assert share([one for one in false if one.is_caught], false) >= 0.99, [
        one.draft["text"] for one in false if not one.is_caught
    ]


def test_true_drafts_are_not_refused(found: list[Judgement]) -> None:
    true = [one for one in found if one.draft["label"]]
    refused = {one.draft["text"]: one.refusal for one in true if one.refusal}
    assert len(refused) <= 0.05 * len(true), refused


def test_no_slot_of_a_shown_draft_is_wrong(found: list[Judgement]) -> None:
    assert [one.draft["text"] for one in found if one.refusal is None and one.wrong_slots] == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("这是有机的早餐", ["organic"]),
        ("這是有機的早餐", ["organic"]),
        ("有机会就做早餐", []),
        ("获奖又畅销的新品", ["award", "best-selling", "new"]),
        ("最受欢迎的早餐", ["most-bought"]),
        ("最近的一个早晨", []),
        ("第一次下厨", []),
        ("销量第一", ["superlative"]),
        ("打折优惠免费送一份", ["price", "price", "price", "price"]),
        ("价格是多少", []),
        ("A有机B", ["organic"]),
    ],
)
def test_claims_are_found_wherever_their_characters_follow_each_other(text: str, names: list[str]) -> None:
    assert claims_in(text) == names


def test_a_claim_that_is_denied_is_no_proof_of_it() -> None:
    assert [claim.is_negated for claim in soft_claims_in("不是有机的早餐", RULES.lexicon)] == [True]


@pytest.mark.parametrize(
    ("cell", "is_said"),
    [
        ("有机绿茶", True),
        ("ORGANIC TEA", True),
        ("INORGANIC SALT", False),
        ("非有机绿茶", False),
        ("NON ORGANIC", False),
    ],
)
def test_a_cell_in_either_language_proves_a_chinese_claim(cell: str, is_said: bool) -> None:
    reading: CellReading = RULES.proofs.reading
    assert reading.says(cell, ["有机", "organic"]) is is_said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("想要热乎乎的汤？看看{title}。", None),
        ("Is it time for a nice soup? Then think of {title}.", "off_grammar"),
        ("想要热乎乎的soup？看看{title}。", "off_grammar"),
        ("{title}，适合", "off_grammar"),
        ("想要５折的汤？看看{title}。", "digits"),
        ("想要③人份的汤？看看{title}。", "digits"),
        ("想要￥的汤？看看{title}。", "signs"),
        ("想要性感的晚餐？看看{title}。", "banned_words"),
        ("想要你喜欢的晚餐？看看{title}。", "banned_words"),
        ("想要沃尔玛的晚餐？看看{title}。", "competitor"),
        ("想要一顿热乎乎的？看看{title}。", "dangling"),
        ("想要蔬菜蔬菜的晚餐？看看{title}。", "repetition"),
        ("想要汤面和汤面和汤面吃？看看{title}。", "repetition"),
        ("慢慢炖的热汤里，来点{title}吧。", None),
        ("想要一块热乎乎的苹果派？看看{title}。", "echo"),
    ],
)
def test_the_checks_of_words_hold_for_chinese(text: str, reason: str | None) -> None:
    assert refusal(text) == reason


def test_a_draft_may_not_name_its_own_item_once_more() -> None:
    assert refusal("想要一杯热乎乎的绿茶？看看{title}。", "龙井绿茶") == "tautology"


def test_a_draft_may_not_tell_a_field_of_its_reader() -> None:
    assert refusal("准备三口之家晚饭时，记得{title}。", own_fields=["三口之家"]) == "personal_data"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("为您挑选了“{title}”。您买过“{reason_item}”，所以我们想到了它。价格：{price}。", None),
        ("为您挑选了{title}", "sentences"),
        ("茶。" * 6, "sentences"),
        ("下雨天的午后喝杯热茶。下雨天的午后喝杯热茶。", "repetition"),
        ("为您挑选了**{title}**。", "markup"),
    ],
)
def test_sentences_and_repetitions_are_counted_without_spaces(text: str, reason: str | None) -> None:
    assert wrong_writing(text, RULES.writing) == reason


def test_a_chinese_text_may_be_shorter_than_an_english_one() -> None:
    assert wrong_length("为您挑选了“茶”。", RULES.writing) is None
    assert wrong_length("为您挑选了“茶”。", draft_rules("en_US").writing) == "too_short"
    assert wrong_length("茶。", RULES.writing) == "too_short"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("想要热乎乎的汤？看看{title}。", None),
        ("Is it time for a quiet evening with friends? Then think of {title}.", "language"),
    ],
)
def test_a_chinese_message_is_in_chinese(text: str, reason: str | None) -> None:
    assert text_checks("zh").refusal_of(text) == reason


def test_the_grammar_lets_a_model_write_chinese_characters_alone() -> None:
    pattern = grammar(PROMPT, ["title"])
    assert "[一-鿿]{4,14}" in pattern
    assert "a-z" not in pattern
    assert own_words(PROMPT, ["title"], "{title}，适合周末的早餐。") == "周末的早餐"
