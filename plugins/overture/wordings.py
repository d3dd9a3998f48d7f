"""What the gate of messages judges beyond SQL: names, claims in words without a row or a cell, texts too much alike."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from overture.adapters.text_checks import near_duplicates
from overture.adapters.warehouse import Warehouse, audits
from overture.adapters.warehouse.audits import LedgeredClaim, LedgeredName, Opening, Wording
from overture.composing import draft_rules
from overture.configuration import load_config
from overture.core.soft_claims import SLOT_PREFIX, SoftClaim, soft_claims_in
from overture.core.titles import name_of
from overture.languages import locale_for
from overture.message_plans import fact_rules


def measure(warehouse: Warehouse, day: date, limits: Mapping[str, Any]) -> dict[str, object]:
    """Return the quantities of `day` that need the rules of names, the lexicon or likeness, each with an example.

    limits: `largest_near_duplicate_share` of the messages made of drafts, and `allowed_near_duplicates` in any case.
    """
    unledgered = [wording for wording in audits.wordings(warehouse, day) if not is_ledgered(wording)]
    unproven = [claim for claim in audits.soft_claims(warehouse, day) if not is_proven(claim, day)]
    misnamed = [name for name in audits.names(warehouse, day) if not is_named_so(name)]
    openings = audits.openings(warehouse, day)
    alike = near_duplicate_openings(openings)
    allowed = limits["largest_near_duplicate_share"] * sum(opening.messages for opening in openings)
    return {
        "names_unlike_their_cells": sum(name.claims for name in misnamed),
        "names_unlike_their_cells_example": misnamed[0].example if misnamed else None,
        "soft_claims_without_row": sum(wording.messages for wording in unledgered),
        "soft_claims_without_row_example": unledgered[0].example if unledgered else None,
        "soft_claims_unlike_their_cell": sum(claim.rows for claim in unproven),
        "soft_claims_unlike_their_cell_example": unproven[0].example if unproven else None,
        "near_duplicate_messages": sum(opening.messages for opening in alike),
        "near_duplicate_messages_example": alike[0].example if alike else None,
        "allowed_near_duplicate_messages": max(limits["allowed_near_duplicates"], int(allowed)),
    }


def is_ledgered(wording: Wording) -> bool:
    """Say whether every claim that a wording makes in words has its row, and none of them is denied."""
    said = soft_claims_in(wording.text, draft_rules(locale_for(wording.locale)).lexicon)
    return all(SLOT_PREFIX + claim.name in wording.claims and not claim.is_negated for claim in said)


def is_proven(claim: LedgeredClaim, day: date) -> bool:
    """Say whether the words of a row make its claim, and the cell that it names proves that."""
    rules, name = draft_rules(locale_for(claim.locale)), claim.slot.removeprefix(SLOT_PREFIX)
    said = {found.name for found in soft_claims_in(claim.words, rules.lexicon)}
    as_said = SoftClaim(name, "", claim.words)
    return name in said and rules.proofs.is_proven_by(as_said, claim.column, claim.cells, day)


def is_named_so(name: LedgeredName) -> bool:
    """Say whether the cells that a name rests on read so, and whether it names each of them and no other."""
    told = name_of(name.title, name.category, fact_rules().titles)
    return told is not None and told.text == name.text and sorted(told.columns) == sorted(name.columns)


def near_duplicate_openings(openings: Sequence[Opening]) -> list[Opening]:
    """Return those that another draft says as well, or nearly; one draft that many share is one text."""
    rules = load_config("text_checks")["near_duplicates"]
    alike = near_duplicates([opening.text for opening in openings], rules)
    return [opening for opening, is_alike in zip(openings, alike, strict=True) if is_alike or opening.drafts > 1]
