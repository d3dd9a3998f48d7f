"""One user's message and its claims, made of the first draft that may be shown, else of the template."""

from collections.abc import Mapping
from datetime import date

from overture.adapters.copy_engine.exchange import RawDraft
from overture.configuration import load_config
from overture.core.claims import claims_in
from overture.core.drafts import Draft, DraftRules, refusal_of, wrong_length
from overture.core.prompts import Prompt, closed, own_words, plain_reply
from overture.core.slots import fill
from overture.message_plans import Plan, prompt_of


def compose(plan: Plan, drafts: Mapping[str, RawDraft], day: date) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return one user's row of messages and its rows of claims: of the first draft that passes, else of the template.

    A message of the template says why the first draft was refused.
    """
    prompt, template, config = prompt_of("prompt"), prompt_of("template"), load_config("copy")
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
    message |= {"signature": plan.recipient.signature, "signature_id": plan.recipient.signature_id}
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
