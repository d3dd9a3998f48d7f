"""Tells a message's trail on one screen, each step with its evidence."""

import textwrap

from overture.core.trail import NO_MESSAGE, SENT, Claim, DayRun, Event, Reader, Reason, RecallNote, Trail
from overture.presentation import visible

LABEL = 16
SHOWN_EVENTS = 6
VERDICTS = {
    "draft": "a draft made for this reader's signature and item passed every check",
    "similar": "this signature's own draft was refused ({refusal}); another reader's draft about the item passed",
    "template": "the draft was refused ({refusal}); the plain template speaks",
}
"""What each rung of marts.messages says of the checks."""


def tell(trail: Trail, width: int = 100) -> str:
    """Return the trail as text of lines not longer than `width` where words allow; control characters are escaped."""
    lines = [_headline(trail), ""]
    if trail.message:
        lines += [*_wrapped("", f'"{visible(trail.message.text)}"', width, indent=2), ""]
    lines += [*_wrapped("", visible(trail.why), width, indent=2), ""]
    for label, told in steps_of(trail):
        for number, line in enumerate(told or ["none"]):
            lines += _wrapped("" if number else label, visible(line), width, indent=LABEL)
    return "\n".join(lines) + "\n"


def _headline(trail: Trail) -> str:
    user, day = visible(trail.user_id), trail.data_day
    if trail.outcome == SENT:
        return f"Why {user} got this text on {day}"
    if trail.outcome == NO_MESSAGE:
        return f"Why {user} got no text on {day}"
    return f"What {user} was to get on {day}, and who withdrew it"


def steps_of(trail: Trail) -> list[tuple[str, list[str]]]:
    """Return each step from the reader to the recalls with the lines of its evidence, none for one without any."""
    return [
        ("Reader", _reader(trail.reader, trail.run)),
        ("Data", _data(trail.run)),
        ("Events", _events(trail)),
        ("Recommendation", _recommendation(trail)),
        ("Models", _models(trail.run)),
        ("Draft", _draft(trail)),
        ("Checks", _checks(trail)),
        ("Claims", [_claim(claim) for claim in trail.claims]),
        ("Recalls", [_recall(each) for each in trail.recalls]),
    ]


def _reader(reader: Reader, run: DayRun) -> list[str]:
    place = f"place {reader.place:,} by last activity, {run.messages:,} were written to" if reader.place else "no list"
    is_eligible = "eligible" if reader.is_eligible else "not eligible"
    consent = "agreed to be written to" if reader.has_consent else "did not agree to be written to"
    known = [
        f"favourite department {reader.favourite_department}" if reader.favourite_department else "",
        f'signature "{reader.signature}" ({reader.signature_id})' if reader.signature else "no signature",
    ]
    return [
        f"{consent}; {is_eligible}; last active {reader.last_active_on or 'never'}; {place}",
        "; ".join(filter(None, known)),
    ]


def _data(run: DayRun) -> list[str]:
    kept = (
        f"snapshot {run.snapshot_id} of {run.published_at:%Y-%m-%d %H:%M} UTC"
        if run.published_at
        else "its snapshot is not kept"
    )
    gates = [
        f"{gate.step} {gate.expectations - len(gate.refused)}/{gate.expectations}"
        + (f" (not met: {', '.join(gate.refused)})" if gate.refused else "")
        for gate in run.gates
    ]
    return [
        f"run {run.run_id}, {kept}",
        f"landed files {run.landing_id}, configuration {run.configuration}",
        f"gates: {', '.join(gates) or 'none recorded'}",
    ]


def _events(trail: Trail) -> list[str]:
    told = [_event(event) for event in trail.events[:SHOWN_EVENTS]]
    held = sum(reason.events for reason in trail.chosen.reasons) if trail.chosen else 0
    more = max(held, len(trail.events)) - len(told)
    return [*told, f"and {more} more"] if more > 0 else told


def _event(event: Event) -> str:
    amount = "" if event.quantity is None else f", {event.quantity:g}"
    value = "" if event.value is None else f" for {event.value}"
    named = event.title or "?"
    return f"{event.occurred_at:%Y-%m-%d %H:%M} {event.event_type}: {named} (item {event.item_id}){amount}{value}"


def _recommendation(trail: Trail) -> list[str]:
    told = []
    if chosen := trail.chosen:
        chance = "" if chosen.chance is None else f", chance {chosen.chance:.3g}"
        place = (
            f"place {chosen.rank}: {chosen.title or '?'} (item {chosen.item_id}), strategy {chosen.strategy},"
            f" score {chosen.score:.4g}{chance}, propensity {chosen.propensity:g}, of {chosen.model_version}"
        )
        told += [place, *(_reason(reason) for reason in chosen.reasons)]
    listed = "; ".join(f"{each.rank} {each.title or each.item_id}" for each in trail.recommendations)
    return [*told, f"of the list: {listed}"] if listed else told


def _reason(reason: Reason) -> str:
    met = f"{reason.events} events, {reason.first_on} to {reason.last_on}" if reason.events else "no event is left"
    return f"{reason.share:.0%} because of {reason.title or '?'} (item {reason.item_id}; {met})"


def _models(run: DayRun) -> list[str]:
    since = f"accepted as of {run.champion_day}" if run.champion_day else "those of the configuration"
    factors = ", ".join(f"{name} {value}" for name, value in sorted((run.factors or {}).items()))
    return [
        f"factors: {factors or 'not recorded'} ({since})",
        f"order of the lists: {run.ranker_version or 'the factors'}; copy model: {run.copy_model or 'of the settings'}",
    ]


def _draft(trail: Trail) -> list[str]:
    message, draft = trail.message, trail.draft
    if message is None:
        return []
    if draft is None:
        return [f"{message.draft_id or 'no draft'}; {message.prompt_version}"]
    made = (
        f"prompt {draft.prompt_version}; {draft.model} by {draft.engine} {draft.engine_version} on {draft.device},"
        f" {draft.dtype}; {draft.tokens_in} tokens read, {draft.tokens_out} written, ended by {draft.finish_reason};"
        f" first asked for on {draft.made_for_day}"
    )
    return [f'"{draft.text}"', draft.draft_id, made]


def _checks(trail: Trail) -> list[str]:
    if trail.message is None or trail.message.rung is None:
        return []
    verdict = VERDICTS.get(trail.message.rung, "").format(refusal=trail.message.refusal)
    return [f"rung {trail.message.rung}: {verdict}"]


def _claim(claim: Claim) -> str:
    cell = "the cell is not there any more" if claim.cell is None else f"now {claim.cell}"
    return f'{claim.slot} "{claim.rendered}": {claim.fact} of {claim.source_day}, {cell}'


def _recall(note: RecallNote) -> str:
    of = f" of {note.data_day}" if note.data_day else ""
    did = "withdrew the message" if note.withdrew else "binds what may be said"
    lifted = f"; lifted {note.lifted_at:%Y-%m-%d %H:%M} UTC" if note.lifted_at else ""
    at = f"{note.recalled_at:%Y-%m-%d %H:%M} UTC"
    return f"{note.kind} {note.subject}{of}, by {note.recalled_by} on {at}: {note.why} ({did}{lifted})"


def _wrapped(label: str, text: str, width: int, indent: int) -> list[str]:
    start = label.ljust(indent)
    return textwrap.wrap(
        text, max(width, indent + 40), initial_indent=start, subsequent_indent=" " * indent, break_long_words=False
    ) or [start.rstrip()]
