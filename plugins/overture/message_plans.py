"""What one user's message is to be made of: the facts that it may state, and the drafts that are asked for."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache

from overture.adapters.copy_engine.exchange import CopyRequest
from overture.adapters.model_store import Model
from overture.configuration import load_config
from overture.core.claims import Fact, FactRules, Recipient, facts_of
from overture.core.drafts import UNSUPPORTED_LANGUAGE
from overture.core.prompts import (
    Prompt,
    chat,
    draft_id,
    grammar,
    parse_prompt,
    render_request,
    request_seed,
    safe_name,
)
from overture.core.titles import TitleRules, readable_title
from overture.errors import SettingsError
from overture.languages import figures_for, is_written, language_of, locale_for, locales, stated_for
from overture.settings import PACKAGE

NOT_OF_THE_ITEM = frozenset({"likes", "reason_item", "why"})
"""Places of a prompt that say nothing of the item itself."""


@dataclass(frozen=True)
class Plan:
    """What one user's message is made of: the facts it may state, and the drafts that are asked for, best first.

    locale: that it is written in. unasked: why no draft is asked for, or may be lent; None where it may be.
    """

    recipient: Recipient
    facts: dict[str, Fact]
    requests: tuple[CopyRequest, ...]
    locale: str
    unasked: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """The facts as they read, by slot."""
        return {slot: fact.rendered for slot, fact in self.facts.items()}


def plan_message(recipient: Recipient, day: date, model: Model) -> Plan:
    """Return the facts of the recipient's item and the requests for drafts about it."""
    config, locale = load_config("copy"), locale_for(recipient.locale)
    prompt, rules = prompt_of("prompt", locale), fact_rules(locale)
    facts = facts_of(recipient, day, rules)
    names = _names(recipient, facts, prompt, rules.titles)
    # The others are there to be chosen from: a draft that fits better, or the only one that passes.
    attempts = config["message"]["attempts"] if recipient.rank == 1 else 1
    unasked = None if is_written(model, recipient.locale) else UNSUPPORTED_LANGUAGE
    if unasked or not names.keys() - NOT_OF_THE_ITEM:
        attempts = 0  # nothing can be told of it, so nothing is asked
    asked = render_request(prompt.request, names)
    requests = _requests(asked, tuple(facts), model.fingerprint, attempts, locale)
    return Plan(recipient, facts, requests, locale, unasked)


@cache
def fact_rules(locale: str | None = None) -> FactRules:
    """Return how the shop's cells are told in a locale, the shop's own where none is named."""
    wanted = locale or locales()[0]
    titles, look_alikes = load_config("titles"), load_config("look_alikes")
    rules = FactRules.from_config(load_config("copy"), titles, look_alikes, figures_for(wanted))
    return replace(rules, language=language_of(wanted))


@lru_cache(maxsize=65_536)
def _requests(
    asked: str, slots: tuple[str, ...], fingerprint: str, attempts: int, locale: str
) -> tuple[CopyRequest, ...]:
    """Return the requests for drafts, made once for all readers who share them."""
    config, prompt = load_config("copy"), prompt_of("prompt", locale)
    messages, pattern = chat(prompt, asked), grammar(prompt, slots)
    requests = []
    for attempt in range(attempts):
        steered_by = dict(config["sampling"]) | {
            "context_tokens": config["engine"]["context_tokens"],
            "attempt": attempt,
        }
        identity = draft_id(messages, pattern, fingerprint, steered_by, prompt.version)
        seed = request_seed(identity, config["sampling"]["seed"])
        requests.append(CopyRequest(identity, [list(message) for message in messages], pattern, seed, prompt.version))
    return tuple(requests)


def _names(recipient: Recipient, facts: dict[str, Fact], prompt: Prompt, rules: TitleRules) -> dict[str, str]:
    """Return what the prompt's places stand for: catalogue names made safe, and why this item was chosen."""
    names = {
        "title": facts["title"].rendered if "title" in facts else None,
        "department": recipient.department,
        "category": recipient.category,
        "brand": recipient.brand,
        "reason_item": facts["reason_item"].rendered if "reason_item" in facts else None,
        "likes": recipient.signature,
    }
    # The reader's taste is in words of ours; only the shop's names are kept short.
    safe = {
        place: _short(name, rules) if place != "likes" else safe_name(readable_title(name, rules), rules.longest)
        for place, name in names.items()
        if name
    }
    safe = {place: name for place, name in safe.items() if name}
    why = "reason" if "reason_item" in safe else "department" if recipient.is_favourite_department else "popular"
    return safe | {"why": render_request(prompt.reasons.get(why, ""), safe)}


def _short(name: str, rules: TitleRules) -> str:
    """Return a name of the shop's as the model is told it: too short for a sentence."""
    config = load_config("copy")["message"]
    return " ".join(safe_name(readable_title(name, rules), config["told_length"]).split()[: config["told_words"]])


@cache
def prompt_of(kind: str, locale: str | None = None) -> Prompt:
    """Return a locale's prompt, with voice and examples, or its template; raise SettingsError for a bad file.

    Of no locale that of the shop's own. A locale without a prompt, where no model is asked, has its template for one.
    """
    config = stated_for(locale or locales()[0])
    kind = kind if kind in config else "template"
    names = [config[kind], *([config["voice"], config["examples"]] if kind == "prompt" else [])]
    versions = [name for name in names if name]
    paths = [PACKAGE / "prompts" / f"{version}.md" for version in versions]
    try:
        return parse_prompt("\n".join(path.read_text(encoding="utf-8") for path in paths), "+".join(versions))
    except (OSError, ValueError) as error:
        raise SettingsError("unreadable prompt", where=paths[0].parent, expected="prompt files", got=error) from error
