"""What a message's trail is read from: one reader's rows of one day, each beside what it rests on."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.copy_reads import DRAFTS
from overture.adapters.warehouse.names import quoted
from overture.adapters.warehouse.recalls import LIFTS, RECALLS, WITHDRAWN
from overture.core.trail import (
    MOST_EVENTS,
    Claim,
    Draft,
    Event,
    Message,
    Reader,
    Reason,
    RecallNote,
    Recommended,
)
from overture.errors import UsageError

T = TypeVar("T")


READER = """
with readers as (
    select user_id, row_number() over (order by last_active_on desc, user_id) as place
    from marts.audience
    where
        data_day = $day
        and is_eligible
        and user_id in (
            select listed.user_id from marts.recommendations as listed
            where listed.data_day = $day and listed.task = 'discover'
        )
)

select
    audience.has_consent,
    audience.is_eligible,
    audience.locale,
    audience.last_active_on,
    audience.favourite_department,
    audience.spend_28d,
    signatures.tastes,
    signatures.price_tier,
    signatures.cadence,
    signatures.signature,
    signatures.signature_id,
    readers.place
from marts.audience as audience
left join readers on audience.user_id = readers.user_id
left join marts.user_signatures as signatures
    on audience.user_id = signatures.user_id and signatures.data_day = $day
where audience.data_day = $day and audience.user_id = $user
"""

LISTED = """
select
    listed.rank,
    listed.item_id,
    facts.title,
    listed.strategy,
    listed.score,
    listed.chance,
    listed.propensity,
    listed.model_version,
    listed.reason_item_id,
    named.title as named_title
from marts.recommendations as listed
left join marts.item_facts as facts on listed.item_id = facts.item_id and facts.data_day = $day
left join marts.item_facts as named on listed.reason_item_id = named.item_id and named.data_day = $day
where listed.data_day = $day and listed.user_id = $user and listed.task = 'discover'
order by listed.rank
"""

REASONS = """
with own as (
    select item_id, count(*) as events, min(occurred_on) as first_on, max(occurred_on) as last_on
    from intermediate.int_events_cleaned
    where data_day <= $day and occurred_on <= $day and user_id = $user
    group by item_id
)

select
    reasons.rank,
    reasons.place,
    reasons.reason_item_id,
    facts.title,
    reasons.share,
    coalesce(own.events, 0) as events,
    own.first_on,
    own.last_on
from marts.recommendation_reasons as reasons
left join own on reasons.reason_item_id = own.item_id
left join marts.item_facts as facts on reasons.reason_item_id = facts.item_id and facts.data_day = $day
where reasons.data_day = $day and reasons.user_id = $user and reasons.task = 'discover'
order by reasons.rank, reasons.place
"""

EVENTS = """
select
    events.event_id,
    events.occurred_at,
    events.event_type,
    events.item_id,
    facts.title,
    try_cast(events.quantity as double) as quantity,
    events.value
from intermediate.int_events_cleaned as events
left join marts.item_facts as facts on events.item_id = facts.item_id and facts.data_day = $day
where
    events.data_day <= $day
    and events.occurred_on <= $day
    and events.user_id = $user
    and list_contains($items, events.item_id)
order by events.occurred_at desc, events.event_id
limit $most
"""

MESSAGE = """
select
    messages.item_id, facts.title, messages.text, messages.draft_id, messages.prompt_version,
    messages.rung, messages.refusal, messages.engine, messages.model, messages.locale
from marts.messages as messages
left join marts.item_facts as facts on messages.item_id = facts.item_id and facts.data_day = $day
where messages.data_day = $day and messages.user_id = $user
"""

WITHDRAWN_MESSAGE = f"""
select withdrawn.item_id, facts.title, withdrawn.text, withdrawn.draft_id, withdrawn.prompt_version
from {WITHDRAWN} as withdrawn
left join marts.item_facts as facts on withdrawn.item_id = facts.item_id and facts.data_day = $day
where withdrawn.data_day = $day and withdrawn.user_id = $user
order by withdrawn.recalled_at desc
limit 1
"""

TOUCHING = """
select
    recalls.kind, recalls.subject, recalls.data_day, recalls.why, recalls.recalled_by, recalls.recalled_at,
    withdrawn.text as withdrew,
    {lifted_at} as lifted_at
from {recalls} as recalls
left join {withdrawn} as withdrawn
    on recalls.kind = withdrawn.kind and recalls.subject = withdrawn.subject
    and recalls.recalled_at = withdrawn.recalled_at
    and withdrawn.data_day = $day and withdrawn.user_id = $user
where
    withdrawn.text is not null
    or (recalls.kind = 'message' and recalls.subject = $user and recalls.data_day = $day)
    or (recalls.kind = 'draft' and recalls.subject = $draft)
    or (recalls.kind = 'item' and recalls.subject = $item)
    or (
        recalls.kind = 'fact' and list_contains($facts, recalls.subject)
        and coalesce(recalls.data_day, cast($day as date)) = $day
    )
order by recalls.recalled_at, recalls.kind, recalls.subject
"""

LIFTED_AT = f"""(
    select max(lifts.lifted_at) from {LIFTS} as lifts
    where lifts.kind = recalls.kind and lifts.subject = recalls.subject
        and lifts.data_day is not distinct from recalls.data_day and lifts.recalled_at = recalls.recalled_at
)"""


def read_reader(warehouse: Warehouse, day: date, user_id: str) -> Reader:
    """Return who the reader was as of the day; raise UsageError for one whom the day does not know."""
    found = warehouse.rows(READER, {"day": day, "user": user_id})
    if not found:
        raise UsageError("no such user", where=f"marts.audience {day}", expected="one whom the day knows", got=user_id)
    return Reader(*found[0])


def read_recommendations(warehouse: Warehouse, day: date, user_id: str, item_id: str | None) -> tuple[Recommended, ...]:
    """Return the reader's list of new items with its reasons. item_id: what the message is about, None for none."""
    asked = {"day": day, "user": user_id}
    reasons: dict[int, list[Reason]] = {}
    for rank, *reason in warehouse.rows(REASONS, asked):
        reasons.setdefault(rank, []).append(Reason(*reason))
    return tuple(
        Recommended(*(*row, row[1] == item_id, tuple(reasons.get(row[0], ())))) for row in warehouse.rows(LISTED, asked)
    )


def read_events(warehouse: Warehouse, day: date, user_id: str, items: Sequence[str]) -> tuple[Event, ...]:
    """Return the reader's events with these items up to the day, newest first, not more than MOST_EVENTS."""
    if not items:
        return ()
    asked = {"day": day, "user": user_id, "items": list(items), "most": MOST_EVENTS}
    return tuple(Event(*row) for row in warehouse.rows(EVENTS, asked))


def read_message(warehouse: Warehouse, day: date, user_id: str) -> tuple[Message | None, bool]:
    """Return the reader's message and whether it is published; the last withdrawn one where none is."""
    asked = {"day": day, "user": user_id}
    if published := warehouse.rows(MESSAGE, asked):
        return Message(*published[0]), True
    withdrawn = warehouse.rows(WITHDRAWN_MESSAGE, asked) if warehouse.columns(WITHDRAWN) else []
    return (Message(*withdrawn[0]) if withdrawn else None), False


def read_draft(warehouse: Warehouse, draft_id: str | None) -> Draft | None:
    """Return a stored draft; None where there is none of this id."""
    if draft_id is None or not warehouse.columns(DRAFTS):
        return None
    found = _read(warehouse, Draft, DRAFTS, "draft_id = $id", {"id": draft_id})
    return found[0] if found else None


def read_claims(warehouse: Warehouse, day: date, user_id: str) -> tuple[Claim, ...]:
    """Return the message's claims, each with what its cell holds now."""
    asked = {"day": day, "user": user_id}
    claims = _read(warehouse, Claim, "marts.message_claims", "data_day = $day and user_id = $user order by slot", asked)
    return tuple(Claim(**vars(claim) | {"cell": _cell(warehouse, claim)}) for claim in claims)


def read_recalls(
    warehouse: Warehouse, day: date, user_id: str, message: Message | None, claims: Sequence[Claim]
) -> tuple[RecallNote, ...]:
    """Return the recalls that touch the reader's message, or took one from the reader on this day, oldest first."""
    if not warehouse.columns(RECALLS) or not warehouse.columns(WITHDRAWN):
        return ()
    lifted_at = LIFTED_AT if warehouse.columns(LIFTS) else "cast(null as timestamp)"
    asked = {
        "day": day,
        "user": user_id,
        "draft": message and message.draft_id,
        "item": message and message.item_id,
        "facts": [claim.fact for claim in claims],
    }
    sql = TOUCHING.format(recalls=RECALLS, withdrawn=WITHDRAWN, lifted_at=lifted_at)
    return tuple(RecallNote(*row) for row in warehouse.rows(sql, asked))


def _read(warehouse: Warehouse, kind: type[T], table: str, condition: str, asked: dict[str, object]) -> list[T]:
    # The columns are the kind's own names.
    there = warehouse.columns(table)
    names = [name for name in kind.__dataclass_fields__ if name in there]  # type: ignore[attr-defined]
    rows = warehouse.rows(f"select {', '.join(names)} from {table} where {condition}", asked)
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]


def _cell(warehouse: Warehouse, claim: Claim) -> str | None:
    schema, _, name = claim.source_table.partition(".")
    key_column, _, key = claim.source_key.partition("=")
    columns = {each.name for each in contracts()[name].columns} if schema == "marts" and name in contracts() else set()
    if not {claim.source_column, key_column} <= columns:
        return None
    found = warehouse.rows(
        f"select cast({quoted(claim.source_column)} as varchar) from marts.{quoted(name)}"
        f" where data_day = $day and cast({quoted(key_column)} as varchar) = $key limit 1",
        {"day": claim.source_day, "key": key},
    )
    return found[0][0] if found else None
