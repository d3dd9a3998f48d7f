"""Lends a message whose own drafts were all refused the draft of another reader of the same item, checked anew."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from overture.adapters.copy_engine.exchange import CopyRequest, RawDraft
from overture.composing import Composed, compose
from overture.core.mentions import Names
from overture.message_plans import Plan

SIMILAR: Final = "similar"
"""The rung of a message with the draft of a reader of another taste."""


def with_lent(
    plans: Sequence[Plan], made: Sequence[Composed], drafts: Mapping[str, RawDraft], day: date, names: Names
) -> list[Composed]:
    """Return the composed messages, those of the template in the words of the most similar reader where these serve.

    made: of the plans, one by one. Only drafts that were accepted on this very day are lent, so that the day's messages
    do not depend on which other days were made before. The row keeps why its own first draft was refused.
    """
    accepted: dict[tuple[str, str], dict[str, tuple[str | None, CopyRequest]]] = defaultdict(dict)
    for plan, (message, _) in zip(plans, made, strict=True):
        if message["rung"] == "draft":
            request = next(each for each in plan.requests if each.draft_id == message["draft_id"])
            accepted[plan.recipient.item_id, plan.locale].setdefault(
                request.draft_id, (plan.recipient.signature, request)
            )
    found = list(made)
    for row, (plan, (message, _)) in enumerate(zip(plans, made, strict=True)):
        may_borrow = message["rung"] == "template" and plan.unasked is None
        others = accepted.get((plan.recipient.item_id, plan.locale)) if may_borrow else None
        if others:
            lent, claims = compose(replace(plan, requests=_nearest(plan, others)), drafts, day, names)
            if lent["rung"] == "draft":
                found[row] = lent | {"rung": SIMILAR, "refusal": message["refusal"]}, claims
    return found


def _nearest(plan: Plan, others: Mapping[str, tuple[str | None, CopyRequest]]) -> tuple[CopyRequest, ...]:
    """Return the others' requests, that of the most similar signature first; of equals the first by draft."""
    own = _words(plan.recipient.signature)
    ranked = sorted(others.values(), key=lambda other: (-_alike(own, _words(other[0])), other[1].draft_id))
    return tuple(request for _, request in ranked)


def _words(signature: str | None) -> frozenset[str]:
    return frozenset((signature or "").split())


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard similarity of two sets of words; 0 of two empty ones."""
    return len(one & other) / max(len(one | other), 1)
