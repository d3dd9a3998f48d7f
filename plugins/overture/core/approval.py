"""What a person who was shown a sample of a day's messages has answered, read strictly from a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from overture.errors import UsageError

PUBLISH, WITHHOLD = "Publish", "Publish nothing"
APPROVE, REJECT = "approve", "reject"
APPROVED, EDITED, REJECTED, WITHHELD = "approved", "edited", "rejected", "withheld"
WHY: Final = "why"


@dataclass(frozen=True)
class Sampled:
    """A message as a person is shown it, slots filled, and what can be told of it.

    draft: what it was made of, slots open; None, as draft_id, for one of the template. claims: what is said -> the cell
    that proves it, as text.
    """

    user_id: str
    item_id: str
    title: str
    reason: str | None
    rung: str
    text: str
    draft_id: str | None
    draft: str | None
    claims: Sequence[str]


@dataclass(frozen=True)
class Decision:
    """What became of one sampled message. text: of an edited draft, slots open; None for all others."""

    message: Sampled
    decision: str
    text: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a person decided. is_published: False where nothing of the day is to be. decided_at: UTC, without a zone."""

    person: str
    decided_at: datetime
    is_published: bool
    why: str
    decisions: tuple[Decision, ...]

    @property
    def changes_messages(self) -> bool:
        """Whether messages are to be written again."""
        return self.is_published and any(each.decision != APPROVED for each in self.decisions)


def decision_field(place: int) -> str:
    """Return the name of the field that approves or rejects the message in a place, from 0."""
    return f"message_{place + 1}"


def draft_field(place: int) -> str:
    """Return the name of the field with the draft of the message in a place, from 0."""
    return f"draft_{place + 1}"


def answer_of(
    sample: Sequence[Sampled], chosen: Sequence[str], fields: Mapping[str, object], person: str, decided_at: datetime
) -> Answer:
    """Return what was answered. fields: by the names above; those left out say what they said when they were shown.

    Raises UsageError for a choice, field or value that was not offered.
    """
    if len(chosen) != 1 or chosen[0] not in (PUBLISH, WITHHOLD):
        raise UsageError("bad answer", where="options", expected=f"{PUBLISH} or {WITHHOLD}", got=list(chosen))
    offered = {WHY, *(name(place) for place in range(len(sample)) for name in (decision_field, draft_field))}
    for name, value in fields.items():
        if name not in offered or not (value is None or isinstance(value, str)):
            raise UsageError("bad answer", where=name, expected="a field of the form, with a text", got=repr(value))
    why = str(fields.get(WHY) or "").strip()
    decisions = tuple(_decision(place, message, fields) for place, message in enumerate(sample))
    return Answer(person, decided_at, chosen[0] == PUBLISH, why, decisions)


def _decision(place: int, message: Sampled, fields: Mapping[str, object]) -> Decision:
    decided = fields.get(decision_field(place)) or APPROVE
    if decided not in (APPROVE, REJECT):
        raise UsageError("bad answer", where=decision_field(place), expected=f"{APPROVE} or {REJECT}", got=decided)
    if decided == REJECT:
        return Decision(message, REJECTED)
    text = " ".join(str(fields.get(draft_field(place)) or message.draft or "").split())
    if text == " ".join((message.draft or "").split()):
        return Decision(message, APPROVED)
    if message.draft is None:
        raise UsageError("a template is not edited here", where=draft_field(place), expected="no text", got=text)
    return Decision(message, EDITED, text)
