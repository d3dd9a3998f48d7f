from datetime import UTC, datetime

import pytest

from overture.core.approval import PUBLISH, Sampled, answer_of
from overture.errors import UsageError

NOW = datetime(2017, 12, 1, tzinfo=UTC).replace(tzinfo=None)
SAMPLE = [Sampled("u", "i", "ICE", None, "draft", "How about Ice for a day?", "d", "How about {title} for a day?", ())]


@pytest.mark.parametrize(
    ("chosen", "fields"),
    [
        ([], {}),
        (["Publish", "Publish nothing"], {}),
        (["publish"], {}),
        ([PUBLISH], {"message_2": "reject"}),
        ([PUBLISH], {"message_1": "perhaps"}),
        ([PUBLISH], {"message_1": 1}),
        ([PUBLISH], {"draft_0": "x"}),
    ],
)
def test_only_what_was_offered_can_be_answered(chosen: list[str], fields: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="bad answer"):
        answer_of(SAMPLE, chosen, fields, "mia", NOW)


@pytest.mark.parametrize(
    ("fields", "decision"),
    [
        ({}, "approved"),
        ({"message_1": None, "draft_1": None, "why": None}, "approved"),
        ({"draft_1": "How about  {title} for a day? "}, "approved"),
        ({"draft_1": "How about {title} for a night?"}, "edited"),
        ({"message_1": "reject", "draft_1": "How about {title} for a night?"}, "rejected"),
    ],
)
def test_a_message_is_approved_unless_it_is_rejected_or_its_draft_says_something_else(
    fields: dict[str, object], decision: str
) -> None:
    (found,) = answer_of(SAMPLE, [PUBLISH], fields, "mia", NOW).decisions
    assert found.decision == decision
    assert (found.text is None) == (decision != "edited")
