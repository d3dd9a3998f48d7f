"""Chooses which of a reader's first items the message is about: the one whose text fits the reader best."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.item_embeddings import embed
from overture.composing import Composed
from overture.core.personalisation import best_fitting
from overture.editing import PERSON
from overture.message_plans import Plan
from overture.settings import Settings

FIRST: Final = 2.0
"""Above every cosine."""

LOG = logging.getLogger("overture.choosing")


def chosen(
    settings: Settings, plans: Sequence[Plan], made: Sequence[Composed], drafts: Mapping[str, RawDraft]
) -> list[Composed]:
    """Return one of each user's composed messages, users in the order of their first plan.

    made: of the plans, one by one; a user's plans stand together. Drafts come before templates, then one that a person
    has edited, then the text that is nearest to the user's signature, then the better rank. Without signatures, without
    a choice and without a copy environment (which is logged) nothing is embedded. Raises what `embed` raises.
    """
    if not plans:
        return []
    names = np.array([plan.recipient.user_id for plan in plans])
    users = np.cumsum(np.append(True, names[1:] != names[:-1])) - 1
    is_draft = np.array([message.get("draft_id") is not None for message, _ in made])
    asked = np.flatnonzero(
        is_draft
        & (np.bincount(users, is_draft)[users] > 1)
        & np.array([plan.recipient.signature is not None for plan in plans])
    )
    fits = np.zeros(len(plans))
    sentences = [_sentence(plans[row], drafts[made[row][0]["draft_id"]]) for row in asked.tolist()]
    fits[asked] = _fits(settings, sentences, [str(plans[row].recipient.signature) for row in asked.tolist()])
    fits[_edited(made, drafts)] = FIRST  # somebody has put these words right for this very reader
    ranks = np.array([plan.recipient.rank for plan in plans])
    return [made[row] for row in best_fitting(users, is_draft, fits, ranks).tolist()]


def _edited(made: Sequence[Composed], drafts: Mapping[str, RawDraft]) -> list[bool]:
    identities = (message.get("draft_id") for message, _ in made)
    return [identity is not None and drafts[identity].engine == PERSON for identity in identities]


def _sentence(plan: Plan, draft: RawDraft) -> str:
    return draft.text.replace("{title}", plan.values["title"])


def _fits(settings: Settings, texts: Sequence[str], signatures: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the cosine of each text with its reader's signature; zeros without a copy environment."""
    if not texts:
        return np.empty(0)
    if not settings.copy_python.is_file():
        LOG.warning("render_messages: the ranking chooses the items, for want of %s", settings.copy_python)
        return np.zeros(len(texts))
    vectors = embed(settings, [*texts, *signatures]).astype(np.float64)
    return np.asarray((vectors[: len(texts)] * vectors[len(texts) :]).sum(axis=1))
