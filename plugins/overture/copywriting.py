"""The steps that write a message for each chosen user: ask for drafts, generate the missing ones, check and fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from overture.adapters.copy_engine.exchange import (
    CopyRequest,
    EngineOptions,
    Job,
    RawDraft,
    Sampling,
    read_job,
    read_shards,
    shards,
    write_job,
)
from overture.adapters.copy_process import generate_drafts
from overture.adapters.model_store import Model, copy_python, locate_model
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.copy_reads import read_recipients, store_drafts, stored_drafts
from overture.adapters.warehouse.runs import StepCost
from overture.configuration import load_config
from overture.core.claims import Fact, FactRules, Recipient, claims_in, facts_of
from overture.core.drafts import Draft, DraftRules, refusal_of, wrong_length
from overture.core.prompts import (
    Prompt,
    chat,
    closed,
    draft_id,
    grammar,
    own_words,
    parse_prompt,
    plain_reply,
    render_request,
    request_seed,
    safe_name,
)
from overture.core.slots import TitleRules, fill, readable_title
from overture.errors import SettingsError
from overture.run import Run
from overture.settings import PACKAGE

MESSAGES = "candidate.messages"
CLAIMS = "candidate.message_claims"


@dataclass(frozen=True)
class Plan:
    """What one user's message is made of: the facts it may state, and the drafts that are asked for, best first."""

    recipient: Recipient
    facts: dict[str, Fact]
    requests: tuple[CopyRequest, ...]

    @property
    def values(self) -> dict[str, str]:
        """The facts as they read, by slot."""
        return {slot: fact.rendered for slot, fact in self.facts.items()}


def prepare_copy(run: Run, warehouse: Warehouse) -> StepCost:
    """Write the requests for drafts that the lake does not hold to OVERTURE_HOME/copy/<day>/requests.jsonl.

    Raises ModelError when the model is not ready.
    """
    model = locate_model(run.settings)
    plans = _plans(run, warehouse, model)
    wanted = {request.draft_id: request for plan in plans for request in plan.requests}
    stored = stored_drafts(warehouse, list(wanted))
    missing = [request for identity, request in wanted.items() if identity not in stored]
    write_job(_job_file(run), Job(engine_options(model), sampling(), missing))
    return StepCost(drafts_reused=len(stored))


def write_copy(run: Run) -> StepCost:
    """Generate the drafts that are asked for and in no shard yet, in the copy environment; start nothing for none.

    Raises ModelError and CopyEngineError.
    """
    job, folder = read_job(_job_file(run)), _shards_folder(run)
    before = read_shards(folder)
    if {request.draft_id for request in job.requests} <= before.keys():
        return StepCost(drafts_reused=len(job.requests))
    generate_drafts(copy_python(run.settings), _job_file(run), folder)
    made = [draft for identity, draft in read_shards(folder).items() if identity not in before]
    return StepCost(
        tokens_in=sum(draft.tokens_in for draft in made),
        tokens_out=sum(draft.tokens_out for draft in made),
        drafts_made=len(made),
    )


def render_messages(run: Run, warehouse: Warehouse) -> None:
    """Store the new drafts; write each user's message and its claims from the draft if it passes, else the template."""
    finished = shards(_shards_folder(run))
    store_drafts(warehouse, list(read_shards(_shards_folder(run)).values()), run.day)
    plans = _plans(run, warehouse, locate_model(run.settings))
    drafts = stored_drafts(warehouse, [request.draft_id for plan in plans for request in plan.requests])
    made = [compose(plan, drafts, run.day) for plan in plans]
    messages = [message for message, _ in made]
    claims = [claim for _, claims in made for claim in claims]

    def work(lake: Warehouse) -> None:
        lake.replace_day(MESSAGES, run.day, _table(messages, MESSAGE_TYPES))
        lake.replace_day(CLAIMS, run.day, _table(claims, CLAIM_TYPES))

    warehouse.write(f"render messages {run.day}", work)
    for shard in finished:
        shard.unlink(missing_ok=True)


MESSAGE_TYPES = {"data_day": pa.date32()} | {
    name: pa.string()
    for name in (
        "user_id", "item_id", "text", "locale", "engine", "model", "prompt_version", "draft_id", "rung", "refusal",
    )
}  # fmt: skip
CLAIM_TYPES = (
    {"data_day": pa.date32()}
    | {
        name: pa.string()
        for name in ("user_id", "item_id", "slot", "rendered", "source_table", "source_column", "source_key")
    }
    | {"source_day": pa.date32()}
)


def compose(plan: Plan, drafts: Mapping[str, RawDraft], day: date) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return one user's row of messages and its rows of claims: of the first draft that passes, else of the template.

    A message of the template says why the first draft was refused.
    """
    prompt, template, config = _prompt("prompt"), _prompt("template"), load_config("copy")
    rules = DraftRules.from_config(config)
    answers = [drafts.get(request.draft_id) for request in plan.requests]
    refusals = [_refusal(plan, prompt, answer, rules) for answer in answers]
    raw = next((answer for answer, refusal in zip(answers, refusals, strict=True) if refusal is None), None)
    if raw:
        reply = _closed(plan, prompt, raw)
        signature = {"engine": raw.engine, "model": raw.model, "prompt_version": raw.prompt_version}
        signature |= {"draft_id": raw.draft_id, "rung": "draft"}
    else:
        reply = _plain(plan, template, rules)
        signature = {"engine": "none", "model": "none", "prompt_version": template.version}
        signature |= {"rung": "template", "refusal": str(refusals[0])}
    person = {"data_day": day, "user_id": plan.recipient.user_id, "item_id": plan.recipient.item_id}
    message = person | {"text": fill(reply, plan.values), "locale": config["message"]["locale"]}
    claims = [person | {"slot": slot} | vars(fact) for slot, fact in claims_in(reply, plan.facts).items()]
    return message | signature, claims


def _refusal(plan: Plan, prompt: Prompt, raw: RawDraft | None, rules: DraftRules) -> str | None:
    """Return why a draft may not be shown, or None."""
    draft = Draft(raw.text, raw.finish_reason) if raw else None
    written = own_words(prompt, plan.facts, draft.text) if draft else None
    told = [prompt.instructions, *(reply for _, reply in prompt.examples)]
    refusal = refusal_of(draft, plan.values, written, rules, told)
    if refusal or raw is None:
        return refusal
    return wrong_length(fill(_closed(plan, prompt, raw), plan.values), rules)


def _closed(plan: Plan, prompt: Prompt, raw: RawDraft) -> str:
    return closed(prompt, raw.text, plan.facts, int(raw.draft_id[:8], 16))


def _plain(plan: Plan, template: Prompt, rules: DraftRules) -> str:
    """Return the template's reply; with the reason, and then the size, left unsaid where it would be too long."""
    for unsaid in ((), ("reason_item",), ("reason_item", "size")):
        reply = plain_reply(template, [slot for slot in plan.facts if slot not in unsaid])
        if wrong_length(fill(reply, plan.values), rules) is None:
            break
    return reply


def _plans(run: Run, warehouse: Warehouse, model: Model) -> list[Plan]:
    most = load_config("copy")["audience"]["users"] if run.users is None else run.users
    return [plan_message(recipient, run.day, model) for recipient in read_recipients(warehouse, run.day, most)]


def plan_message(recipient: Recipient, day: date, model: Model) -> Plan:
    """Return the facts of the recipient's item and the requests for drafts about it."""
    config, prompt = load_config("copy"), _prompt("prompt")
    rules = FactRules.from_config(config)
    facts = facts_of(recipient, day, rules)
    names = _names(recipient, facts, prompt, rules.titles)
    messages, pattern = chat(prompt, render_request(prompt.request, names)), grammar(prompt, facts)
    requests = []
    for attempt in range(config["message"]["attempts"]):
        steered_by = dict(config["sampling"]) | {
            "context_tokens": config["engine"]["context_tokens"],
            "attempt": attempt,
        }
        identity = draft_id(messages, pattern, model.fingerprint, steered_by, prompt.version)
        seed = request_seed(identity, config["sampling"]["seed"])
        requests.append(CopyRequest(identity, [list(message) for message in messages], pattern, seed, prompt.version))
    return Plan(recipient, facts, tuple(requests))


def _names(recipient: Recipient, facts: dict[str, Fact], prompt: Prompt, rules: TitleRules) -> dict[str, str]:
    """Return what the prompt's places stand for: catalogue names made safe, and why this item was chosen."""
    names = {
        "title": recipient.title,
        "department": recipient.department,
        "category": recipient.category,
        "brand": recipient.brand,
        "reason_item": recipient.reason_title if "reason_item" in facts else None,
    }
    safe = {place: safe_name(readable_title(name, rules), rules.longest) for place, name in names.items() if name}
    why = "reason" if "reason_item" in safe else "department" if recipient.is_favourite_department else "popular"
    return safe | {"why": render_request(prompt.reasons.get(why, ""), safe)}


@cache
def _prompt(kind: str) -> Prompt:
    """Return the configured prompt or template; raise SettingsError when its file is missing."""
    version = load_config("copy")["message"][kind]
    path = PACKAGE / "prompts" / f"{version}.md"
    try:
        return parse_prompt(path.read_text(encoding="utf-8"), version)
    except (OSError, ValueError) as error:
        raise SettingsError("unreadable prompt", where=path, expected="a prompt file", got=error) from error


def sampling() -> Sampling:
    """Return the configured way in which the engine chooses words."""
    settings = {name: value for name, value in load_config("copy")["sampling"].items() if name != "seed"}
    return Sampling(**settings)


def engine_options(model: Model) -> EngineOptions:
    """Return how the engine is set up for a model."""
    return EngineOptions(model=model.location, name=model.name, **load_config("copy")["engine"])


def _job_file(run: Run) -> Path:
    return run.settings.copy / str(run.day) / "requests.jsonl"


def _shards_folder(run: Run) -> Path:
    return run.settings.copy / str(run.day) / "shards"


def _table(rows: Sequence[dict[str, Any]], types: dict[str, pa.DataType]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=pa.schema(list(types.items())))
