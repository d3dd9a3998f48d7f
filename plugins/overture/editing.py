"""Edits: a person's words in the place of a model's, judged as these were, for every message of the draft."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from overture.adapters.copy_engine.exchange import RawDraft
from overture.composing import compose
from overture.core.mentions import Names
from overture.message_plans import Plan

PERSON: Final = "person"
"""The engine of an edited draft."""


def edited(draft: RawDraft, text: str) -> RawDraft:
    """Return the draft with another text, slots open, under an id of its own; the model stays that of the first one."""
    identity = hashlib.sha256(json.dumps(["edited", draft.draft_id, text]).encode()).hexdigest()
    made = replace(draft, draft_id=identity, text=text, finish_reason="stop", engine=PERSON, engine_version="none")
    return replace(made, tokens_in=0, tokens_out=0, device="none", dtype="none", threads=0)


def with_edits(plans: Sequence[Plan], edits: Mapping[str, str]) -> list[Plan]:
    """Return the plans, each request for a draft that was edited now one for what stands in its place.

    edits: draft id -> the id of the edited one, which may have been edited itself.
    """
    if not edits:
        return list(plans)
    return [
        replace(plan, requests=tuple(replace(each, draft_id=_newest(each.draft_id, edits)) for each in plan.requests))
        if any(each.draft_id in edits for each in plan.requests)
        else plan
        for plan in plans
    ]


def refusal_of_edit(plan: Plan, draft: RawDraft, day: date, names: Names) -> str | None:
    """Return why the checks refuse an edited draft for the plan's message; None where they let it pass."""
    alone = replace(plan, requests=(replace(plan.requests[0], draft_id=draft.draft_id),))
    message, _ = compose(alone, {draft.draft_id: draft}, day, names)
    return message.get("refusal")


def _newest(draft_id: str, edits: Mapping[str, str]) -> str:
    while draft_id in edits:
        draft_id = edits[draft_id]
    return draft_id
