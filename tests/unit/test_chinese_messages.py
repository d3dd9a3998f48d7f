"""Messages of a shop whose model writes Chinese too; and of one whose model does not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model
from overture.composing import Composed, compose
from overture.core.claims import Recipient
from overture.core.mentions import NO_NAMES
from overture.message_plans import Plan, plan_message
from overture.sharing import with_lent

DAY = date(2017, 11, 28)
ENGLISH = Model("paper", "paper", "f" * 64)
BOTH = replace(ENGLISH, languages=("en", "zh"))
TEA = Recipient(
    "u1", "tea", "有机绿茶", "茶", "茶叶", "National", "250 G", Decimal("1288.00"), "CNY", "cup", "马克杯",
    False, "als_with_ease", cells={"title": "有机绿茶"}, locale="zh_CN",
)  # fmt: skip
GOOD = "想要一壶有机的热茶汤？看看{title}。"
ENGLISH_DRAFT = "How about {title} for a very hot day?"


def planned(recipient: Recipient = TEA, model: Model = BOTH) -> Plan:
    return plan_message(recipient, DAY, model)


def answered(plan: Plan, text: str) -> dict[str, RawDraft]:
    first = plan.requests[0]
    return {
        first.draft_id: RawDraft(
            first.draft_id, text, "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, first.prompt_version
        )
    }


def composed(text: str, recipient: Recipient = TEA) -> Composed:
    plan = planned(recipient)
    return compose(plan, answered(plan, text), DAY)


def test_a_model_that_writes_chinese_is_asked_in_chinese_and_its_draft_is_shown_with_its_claims_proven() -> None:
    request = planned().requests[0]
    assert request.messages[-1][1] == "商品：有机绿茶\n货架：茶叶"
    assert "[一-鿿]" in request.pattern
    message, claims = composed(GOOD)
    assert (message["rung"], message["locale"], message["prompt_version"]) == ("draft", "zh_CN", request.prompt_version)
    assert message["text"] == (
        "想要一壶有机的热茶汤？看看有机绿茶。您买过“马克杯”，所以我们想到了它。价格：¥1,288.00，规格：250克。"
    )
    assert [claim["slot"] for claim in claims][-1] == "claim:organic"


def test_a_false_chinese_draft_gives_way_to_the_chinese_template() -> None:
    message, _ = composed("想要一壶最好喝的茶？看看{title}。")
    assert (message["rung"], message["refusal"]) == ("template", "unproven_claim")
    assert message["text"].startswith("为您挑选了“有机绿茶”。")


def test_an_english_draft_is_no_answer_to_a_chinese_request() -> None:
    assert composed(ENGLISH_DRAFT)[0]["refusal"] == "off_grammar"


def test_a_reader_whose_language_the_model_does_not_write_asks_for_nothing_and_borrows_nothing() -> None:
    own = planned(replace(TEA, user_id="u2", locale="en_US"), ENGLISH)
    other = planned(model=ENGLISH)
    assert other.requests == ()
    drafts = answered(own, ENGLISH_DRAFT)
    made = [compose(plan, drafts, DAY) for plan in (own, other)]
    lent = with_lent([own, other], made, drafts, DAY, NO_NAMES)
    assert [(message["rung"], message["locale"]) for message, _ in lent] == [("draft", "en_US"), ("template", "zh_CN")]
    assert lent[1][0]["refusal"] == "unsupported_language"


def test_a_chinese_template_that_would_be_too_long_leaves_the_reason_unsaid() -> None:
    endless = replace(TEA, title="Green Tea " * 9, reason_title="Mug " * 20)
    message, claims = compose(planned(endless, ENGLISH), {}, DAY)
    assert len(message["text"]) <= 160
    assert "reason_item" not in {claim["slot"] for claim in claims}


def test_an_amount_that_the_currency_has_no_coins_for_is_not_told() -> None:
    plan = planned(replace(TEA, currency="JPY", price=Decimal("100.50")))
    assert "price" not in plan.facts


def test_a_chinese_message_says_until_when_its_item_is_on_offer_with_the_cell() -> None:
    offered = replace(TEA, offer_id="spring", offer_ends_on=date(2017, 12, 3))
    for message, claims in (composed(GOOD, offered), compose(planned(offered, ENGLISH), {}, DAY)):
        assert message["text"].endswith("优惠持续到12月3日。")
        assert ("offer_end", "marts.item_offers") in {(claim["slot"], claim["source_table"]) for claim in claims}
    taiwanese, _ = compose(planned(replace(offered, locale="zh_TW"), ENGLISH), {}, DAY)
    assert taiwanese["text"].endswith("優惠持續到12月3日。")
