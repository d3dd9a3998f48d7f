"""Why a reader got a text: a message's trail from the data to the words, all of one snapshot of the lake."""

from datetime import date

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.published_runs import read_run
from overture.adapters.warehouse.trail_reads import (
    read_claims,
    read_draft,
    read_events,
    read_message,
    read_reader,
    read_recalls,
    read_recommendations,
)
from overture.core.trail import (
    NO_MESSAGE,
    RECALLED,
    SENT,
    DayRun,
    Message,
    Reader,
    RecallNote,
    Recommended,
    Trail,
    chosen_of,
    withheld,
)
from overture.settings import Settings


def explain(settings: Settings, user_id: str, day: date) -> Trail:
    """Return the trail of a reader's message of a day, read without writing; raise what `trail_of` raises."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return trail_of(warehouse, user_id, day)


def trail_of(warehouse: Warehouse, user_id: str, day: date) -> Trail:
    """Return why the reader got a text on the day, why not, or who took it back.

    Raises UsageError for a day of which nothing is published and for a user whom the day does not know.
    """
    warehouse.execute("begin")
    try:
        return _trail_of(warehouse, user_id, day)
    finally:
        warehouse.execute("rollback")


def _trail_of(warehouse: Warehouse, user_id: str, day: date) -> Trail:
    run = read_run(warehouse, day)
    reader = read_reader(warehouse, day, user_id)
    message, is_published = read_message(warehouse, day, user_id)
    listed = read_recommendations(warehouse, day, user_id, message.item_id if message else None)
    claims = read_claims(warehouse, day, user_id)
    recalls = read_recalls(warehouse, day, user_id, message, claims)
    outcome, reason, why = _answer(run, reader, (message, is_published), listed, recalls)
    return Trail(
        data_day=day,
        user_id=user_id,
        outcome=outcome,
        reason=reason,
        why=why,
        run=run,
        reader=reader,
        recommendations=listed,
        events=read_events(warehouse, day, user_id, _reasons_of(chosen_of(listed))),
        message=message,
        draft=read_draft(warehouse, message.draft_id if message else None),
        claims=claims,
        recalls=recalls,
    )


def _reasons_of(chosen: Recommended | None) -> list[str]:
    if chosen is None:
        return []
    named = [chosen.named_reason_id] if chosen.named_reason_id else []
    return list(dict.fromkeys([*named, *(reason.item_id for reason in chosen.reasons)]))


def _answer(
    run: DayRun,
    reader: Reader,
    found: tuple[Message | None, bool],
    listed: tuple[Recommended, ...],
    recalls: tuple[RecallNote, ...],
) -> tuple[str, str | None, str]:
    message, is_published = found
    if message and is_published:
        return SENT, None, _why_sent(message, chosen_of(listed))
    by = next((each for each in reversed(recalls) if each.withdrew or each.kind == "message"), None)
    if by is not None:
        return RECALLED, None, f"{by.recalled_by} recalled it on {by.recalled_at:%Y-%m-%d %H:%M} UTC: {by.why}"
    reason, why = withheld(reader, run, len(listed))
    return NO_MESSAGE, reason, why


def _why_sent(message: Message, chosen: Recommended | None) -> str:
    named = message.title or message.item_id
    if chosen is None:
        return f"The message is about {named}, which the day's list no longer holds."
    place = f"{named} was place {chosen.rank} of the reader's new items, found by {chosen.strategy}"
    first = chosen.reasons[0] if chosen.reasons else None
    if first and first.item_id == chosen.item_id:  # looked at, and never bought
        return f"{place}, most of all because the reader had looked at it."
    because = (first.title or first.item_id) if first else chosen.named_reason_title
    return f"{place}, most of all because of {because}." if because else f"{place}."
