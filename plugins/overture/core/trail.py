"""A message's trail: all that is known of why a reader got, or did not get, a text on a day."""

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SENT, RECALLED, NO_MESSAGE = "sent", "recalled", "no_message"
OUTCOMES = (SENT, RECALLED, NO_MESSAGE)

WITHHELD = (
    "no_consent", "inactive", "nothing_to_recommend", "not_among_the_first", "nothing_to_write_about",
)  # fmt: skip
"""Why a known reader has no message, the first that holds."""


@dataclass(frozen=True)
class Reader:
    """Who the reader was as of the day (marts.audience, marts.user_signatures).

    place: among the eligible readers with a list, the most recently active first; None for others.
    """

    has_consent: bool
    is_eligible: bool
    locale: str | None
    last_active_on: date | None
    favourite_department: str | None
    spend_28d: Decimal | None
    tastes: str | None
    price_tier: str | None
    cadence: str | None
    signature: str | None
    signature_id: str | None
    place: int | None


@dataclass(frozen=True)
class Gate:
    """What a gate of the day saw: how many expectations, and which of them were not met."""

    step: str
    expectations: int
    refused: tuple[str, ...]


@dataclass(frozen=True)
class DayRun:
    """The run that published the day, and what it was made with.

    configuration: hash of how the models behave. factors: the parameters of the preference factors. champion_day: the
    day of the tuning that they were accepted by, None where they are those of the files. snapshot_id, published_at
    (UTC): the lake's snapshot with the day, None once it is not kept any more. landing_id: changes with the day's
    landed files. messages: how many the day had, withdrawn ones included.
    """

    run_id: str
    configuration: str
    factors: dict[str, Any] | None
    champion_day: date | None
    ranker_version: str | None
    copy_model: str | None
    snapshot_id: int | None
    published_at: datetime | None
    landing_id: str | None
    messages: int
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True)
class Reason:
    """A past item that carries a recommendation's score, at its place; share: the part of the score, above 0.

    events: how many of the reader with the item the lake holds up to the day; the days of the first and the last one.
    """

    place: int
    item_id: str
    title: str | None
    share: float
    events: int
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True)
class Recommended:
    """One place of the reader's list of new items; is_chosen: the message is about it.

    named_reason_*: the past item that a text may name (reason_item_id of marts.recommendations).
    """

    rank: int
    item_id: str
    title: str | None
    strategy: str
    score: float
    chance: float | None
    propensity: float | None
    model_version: str
    named_reason_id: str | None
    named_reason_title: str | None
    is_chosen: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Event:
    """One event of the reader, up to the day, with an item that the chosen recommendation was reasoned from."""

    event_id: str
    occurred_at: datetime
    event_type: str
    item_id: str
    title: str | None
    quantity: float | None
    value: Decimal | None


@dataclass(frozen=True)
class Message:
    """The published text, or the withdrawn one, of which fewer things are kept (None)."""

    item_id: str
    title: str | None
    text: str
    draft_id: str | None
    prompt_version: str | None
    rung: str | None = None
    refusal: str | None = None
    engine: str | None = None
    model: str | None = None
    locale: str | None = None


@dataclass(frozen=True)
class Draft:
    """The stored draft of a message: the model's words, with its slots open."""

    draft_id: str
    text: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    engine: str
    engine_version: str
    model: str
    device: str
    dtype: str
    prompt_version: str
    made_for_day: date


@dataclass(frozen=True)
class Claim:
    """A statement of the message, and the cell that proves it; cell: what the lake says there now, None without one."""

    slot: str
    rendered: str
    source_table: str
    source_column: str
    source_key: str
    source_day: date
    cell: str | None = None

    @property
    def fact(self) -> str:
        """The cell as a recall of a fact names it."""
        return f"{self.source_table}.{self.source_column}:{self.source_key}"


@dataclass(frozen=True)
class RecallNote:
    """A recall that touches the message; withdrew: the text that it took from this reader on this day, if any.

    lifted_at: since when it binds no longer. Times are UTC.
    """

    kind: str
    subject: str
    data_day: date | None
    why: str
    recalled_by: str
    recalled_at: datetime
    withdrew: str | None
    lifted_at: datetime | None


@dataclass(frozen=True)
class Trail:
    """All that is known of one reader's message of one day.

    outcome: one of OUTCOMES. reason: for NO_MESSAGE one of WITHHELD, else None. why: the answer as a sentence.
    recommendations: the list of new items, best first. events: newest first, not more than MOST_EVENTS.
    """

    data_day: date
    user_id: str
    outcome: str
    reason: str | None
    why: str
    run: DayRun
    reader: Reader
    recommendations: tuple[Recommended, ...]
    events: tuple[Event, ...]
    message: Message | None
    draft: Draft | None
    claims: tuple[Claim, ...]
    recalls: tuple[RecallNote, ...]

    @property
    def chosen(self) -> Recommended | None:
        """The recommendation that the message is about."""
        return next((each for each in self.recommendations if each.is_chosen), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the trail as JSON can hold it: names as above, dates and times as ISO 8601, amounts as text."""
        return dict(_plain(self))


MOST_EVENTS = 20


def withheld(reader: Reader, run: DayRun, listed: int) -> tuple[str, str]:
    """Return why a reader has no message: one of WITHHELD, and a sentence. listed: places of the reader's list."""
    if not reader.has_consent:
        return "no_consent", "The reader had not agreed to be written to as of the day."
    if not reader.is_eligible:
        seen = f"last active on {reader.last_active_on}" if reader.last_active_on else "never active"
        return "inactive", f"The reader was not active lately ({seen}), so nothing was written."
    if listed == 0 or reader.place is None:
        return "nothing_to_recommend", "No item that the reader never bought could be recommended."
    if reader.place > run.messages:
        return (
            "not_among_the_first",
            f"The run wrote to the {run.messages:,} most recently active readers; this one has place {reader.place:,}.",
        )
    return (
        "nothing_to_write_about",
        "Of the reader's first items none could be written about: recalled, or without a name that can be told.",
    )


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
