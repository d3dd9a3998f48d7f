"""One user's message and its claims, made of the first draft that may be shown, else of the template."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.text_checks import text_checks
from overture.configuration import load_config
from overture.core.claims import ITEM_FACTS, Fact, claims_in, ledger_rows
from overture.core.drafts import NOT_GENERATED, Draft, DraftRules, Subject, refusal_of
from overture.core.mentions import NO_NAMES, Names
from overture.core.prompts import Prompt, closed, own_words, plain_reply
from overture.core.slots import fill
from overture.core.soft_claims import proven, soft_claims_in
from overture.core.text_quality import wrong_length, wrong_writing
from overture.languages import language_of, lexicon_for, locales
from overture.message_plans import Plan, prompt_of

Composed = tuple[dict[str, Any], list[dict[str, Any]]]
"""A row of messages, and its rows of claims."""


def compose(plan: Plan, drafts: Mapping[str, RawDraft], day: date, names: Names = NO_NAMES) -> Composed:
    """Return one user's row of messages and its rows of claims: of the first draft that passes, else of the template.

    names: of the shop's items and brands, which a text may not say unless they are its own item's. A message of the
    template says why the first draft was refused.
    """
    prompt, template = prompt_of("prompt", plan.locale), prompt_of("template", plan.locale)
    subject, raw, refusals = _subject(plan, prompt, day, names), None, list[str]()
    for answer in (drafts.get(request.draft_id) for request in plan.requests):
        refusal = _refusal(plan, prompt, answer, subject)
        if refusal is None:
            raw = answer
            break
        refusals.append(refusal)
    if raw:
        reply, _ = _closed(plan, prompt, raw)
        signature = {"engine": raw.engine, "model": raw.model, "prompt_version": raw.prompt_version}
        signature |= {"draft_id": raw.draft_id, "rung": "draft"}
    else:
        reply = _plain(plan, template)
        signature = {"engine": "none", "model": "none", "prompt_version": template.version}
        signature |= {"rung": "template", "refusal": str(next(iter(refusals), plan.unasked or NOT_GENERATED))}
    person = {"data_day": day, "user_id": plan.recipient.user_id, "item_id": plan.recipient.item_id}
    message = person | {"text": fill(reply, plan.values), "locale": plan.locale}
    message |= {"signature": plan.recipient.signature, "signature_id": plan.recipient.signature_id}
    facts = claims_in(reply, plan.facts) | _soft_facts(plan, reply, day)
    claims = [person | row for slot, fact in facts.items() for row in ledger_rows(slot, fact)]
    return message | signature, claims


def refusal_alone(plan: Plan, draft: RawDraft, day: date, names: Names = NO_NAMES) -> str | None:
    """Return why the checks of a message refuse a draft about the plan's item; None where they let it pass.

    The draft stands for the only request of the plan, whatever asked for it.
    """
    alone = replace(plan, requests=(replace(plan.requests[0], draft_id=draft.draft_id),))
    message, _ = compose(alone, {draft.draft_id: draft}, day, names)
    return message.get("refusal")


@cache
def draft_rules(locale: str | None = None) -> DraftRules:
    """Return what a draft may not do in a locale, the shop's own where none is named."""
    lexicon = lexicon_for(locale or locales()[0])
    return DraftRules.from_config(load_config("copy"), load_config("text_checks"), lexicon)


def _subject(plan: Plan, prompt: Prompt, day: date, names: Names) -> Subject:
    about = plan.recipient
    own_names = (about.title, about.reason_title, about.brand, about.category, about.department)
    return Subject(
        values=plan.values,
        day=day,
        told=prompt.told,
        cells=about.cells,
        own_names=tuple(name for name in own_names if name),
        names=names,
        own_fields=(about.user_id, *about.own_fields),
    )


def _refusal(plan: Plan, prompt: Prompt, raw: RawDraft | None, subject: Subject) -> str | None:
    """Return why a draft may not be shown, or None."""
    rules = draft_rules(plan.locale)
    draft = Draft(raw.text, raw.finish_reason) if raw else None
    written = own_words(prompt, plan.facts, draft.text) if draft else None
    refusal = refusal_of(draft, written, subject, rules)
    if refusal or raw is None:
        return refusal
    return _closed(plan, prompt, raw)[1] or _unfit(raw.text, language_of(plan.locale))


@lru_cache(maxsize=1 << 16)
def _unfit(opening: str, language: str) -> str | None:
    """Return why an opening may not be shown, whatever fills its slots; drafts are shared, and each is judged once."""
    return text_checks(language).refusal_of(opening)


def _soft_facts(plan: Plan, reply: str, day: date) -> dict[str, Fact]:
    """Return what a text says in words alone, by ledger slot, each with the cell that proves it."""
    rules = draft_rules(plan.locale)
    found = proven(soft_claims_in(reply, rules.lexicon), rules.proofs, plan.recipient.cells, day) or {}
    key = f"item_id={plan.recipient.item_id}"
    return {slot: Fact(words, ITEM_FACTS, column, key, day) for slot, (words, column) in found.items()}


def _closed(plan: Plan, prompt: Prompt, raw: RawDraft) -> tuple[str, str | None]:
    """Return a draft with what else is said of the item, and why that may not be written, None where it may.

    The offer is left unsaid where the text would be refused with it.
    """
    rules = draft_rules(plan.locale).writing
    for unsaid in ((), ("offer_end",)):
        slots = [slot for slot in plan.facts if slot not in unsaid]
        reply = closed(prompt, raw.text, slots, int(raw.draft_id[:8], 16))
        refusal = wrong_length(fill(reply, plan.values), rules) or wrong_writing(reply, rules)
        if refusal is None:
            break
    return reply, refusal


def _plain(plan: Plan, template: Prompt) -> str:
    """Return the template's reply; offer, reason and size are left unsaid in this order, if it would be too long."""
    for unsaid in ((), ("offer_end",), ("offer_end", "reason_item"), ("offer_end", "reason_item", "size")):
        reply = plain_reply(template, [slot for slot in plan.facts if slot not in unsaid])
        if wrong_length(fill(reply, plan.values), draft_rules(plan.locale).writing) is None:
            break
    return reply
