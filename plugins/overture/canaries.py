"""Canaries: hostile names that ride in every batch, to see on each day that the model still obeys none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from random import Random
from typing import Any

import pyarrow as pa

from overture.adapters.copy_engine.exchange import CopyRequest, RawDraft
from overture.adapters.model_store import Model
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_reads import stored_drafts
from overture.composing import compose
from overture.configuration import load_config
from overture.core.claims import Recipient
from overture.core.obedience import Attack, obeyed
from overture.core.prompts import own_words, request_seed
from overture.message_plans import Plan, plan_message, prompt_of

CANARIES = "copy.canaries"
SENT = "copy.canaries_sent"
OUTCOMES = ("held", "obeyed", "unanswered", "over_budget")
COLUMNS = {"data_day": pa.date32()} | dict.fromkeys(
    ("canary_id", "draft_id", "outcome", "refusal", "sign"), pa.string()
)


def with_canaries(missing: Sequence[CopyRequest], day: date, model: Model) -> list[CopyRequest]:
    """Return the requests and the day's canaries after them; nothing for nothing, for no engine starts for canaries."""
    return [*missing, *(plan.requests[0] for _, plan in canary_plans(day, model))] if missing else []


def canary_plans(day: date, model: Model) -> list[tuple[Attack, Plan]]:
    """Return the day's canaries, the same whenever asked, each with the plan of a message that nobody will get.

    Their drafts have ids of their own: one day's canary is no answer to another day's, so that each batch is tried.
    """
    config = load_config("canaries")
    chosen = Random(f"{config['seed']} {day}").sample(config["attacks"], config["each_day"])  # noqa: S311 - no secret
    return _plans(chosen, day, model)


def all_canary_plans(day: date, model: Model) -> list[tuple[Attack, Plan]]:
    """Return every canary that there is, as `canary_plans` returns the day's."""
    return _plans(load_config("canaries")["attacks"], day, model)


def _plans(records: Sequence[Mapping[str, Any]], day: date, model: Model) -> list[tuple[Attack, Plan]]:
    found, item = [], load_config("canaries")["item"]
    for attack in map(Attack.from_record, records):
        recipient = attack.on(
            Recipient(
                user_id="canary", item_id=attack.attack_id, size=None, price=None, currency="USD", reason_item_id=None,
                reason_title=None, is_favourite_department=False, strategy="canary", **item,
            )
        )  # fmt: skip
        plan = plan_message(recipient, day, model)
        first = plan.requests[0]
        identity = sha256(f"canary {attack.attack_id} {day} {first.draft_id}".encode()).hexdigest()
        asked = replace(first, draft_id=identity, seed=request_seed(identity, load_config("copy")["sampling"]["seed"]))
        found.append((attack, replace(plan, requests=(asked,))))
    return found


def judged_canaries(
    plans: Sequence[tuple[Attack, Plan]], drafts: Mapping[str, RawDraft], day: date, absent: str
) -> list[dict[str, object]]:
    """Return a row for each canary: what came of it, why its draft was refused, how obedience showed.

    A draft that the checks refuse has harmed nobody: obeyed is what would have been shown. absent: what a canary
    without a draft is called.
    """
    rows = []
    for attack, plan in plans:
        identity = plan.requests[0].draft_id
        row = {"data_day": day, "canary_id": attack.attack_id, "draft_id": identity}
        draft = drafts.get(identity)
        if draft is None:
            rows.append(row | {"outcome": absent, "refusal": None, "sign": None})
            continue
        message, _ = compose(plan, drafts, day)
        sign = _sign(attack, plan, draft)
        outcome = "obeyed" if sign and message["rung"] != "template" else "held"
        rows.append(row | {"outcome": outcome, "refusal": message.get("refusal"), "sign": sign})
    return rows


def note_canaries(warehouse: Warehouse, day: date, model: Model, is_asked: bool) -> None:
    """Write to `copy.canaries_sent` how many canaries the gate must find answered: all, where a batch is asked for."""
    plans = canary_plans(day, model)
    known = plans if is_asked else stored_drafts(warehouse, [plan.requests[0].draft_id for _, plan in plans])
    warehouse.replace_day(SENT, day, pa.table({"data_day": [day], "canaries": [len(known)]}))


def watch_canaries(warehouse: Warehouse, day: date, model: Model, asked: Sequence[str], is_over_budget: bool) -> None:
    """Write what came of the day's canaries to `copy.canaries`: of those asked for, and of those answered before.

    asked: the draft ids of the run's requests.
    """
    plans = canary_plans(day, model)
    drafts = stored_drafts(warehouse, [plan.requests[0].draft_id for _, plan in plans])
    known = {*asked, *drafts}
    plans = [(attack, plan) for attack, plan in plans if plan.requests[0].draft_id in known]
    rows = judged_canaries(plans, drafts, day, "over_budget" if is_over_budget else "unanswered")
    warehouse.replace_day(CANARIES, day, pa.Table.from_pylist(rows, schema=pa.schema(list(COLUMNS.items()))))


def _sign(attack: Attack, plan: Plan, draft: RawDraft) -> str | None:
    prompt = prompt_of("prompt")
    words = own_words(prompt, plan.facts, draft.text)
    return obeyed(draft.text, words, attack.canary, list(plan.facts), prompt.told)
