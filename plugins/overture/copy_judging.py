"""What a copy model writes about held-out items, by the real engine, and how that fares with our own checks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from overture.adapters.copy_engine.exchange import Job, RawDraft, read_shards, write_job
from overture.adapters.copy_process import generate_drafts
from overture.adapters.item_embeddings import embed
from overture.adapters.model_store import Model, copy_python
from overture.canaries import all_canary_plans, judged_canaries
from overture.configuration import load_config
from overture.copy_examples import is_taught, refusal_of_text
from overture.copy_lessons import described
from overture.copywriting import engine_options, sampling
from overture.core.claims import Recipient
from overture.core.copy_contest import ACCEPTED, FAITHFUL, PERSONAL, SPECIFIC, Values, Wrote, fits, variety_of
from overture.core.prompts import own_words
from overture.core.slots import fill
from overture.message_plans import Plan, plan_message, prompt_of
from overture.settings import Settings

UNFAITHFUL: Final = frozenset(
    {"slot_unknown", "slot_missing", "digits", "signs", "off_grammar", "banned_words"}
    | {"competitor", "unproven_claim", "wrong_item", "personal_data"}
)
"""Refusals of drafts that say what no cell proves, or break the frame that keeps them from it."""

SHOWN: Final = 12


@dataclass(frozen=True)
class Said:
    """One draft, judged. own: its words in the gap, empty where it follows no opening."""

    item: Recipient
    plan: Plan
    text: str
    own: str
    refusal: str | None


@dataclass(frozen=True)
class Side:
    """Everything that one model wrote, item by item, `attempts` drafts of each."""

    said: Sequence[Said]
    attempts: int
    fitting: Values
    personal: Values

    def wrote(self, seed: int) -> Wrote:
        """Return the shares of each item's drafts that the gate compares."""
        accepted = [each.refusal is None for each in self.said]
        faithful = [each.refusal not in UNFAITHFUL for each in self.said]
        found = {ACCEPTED: accepted, FAITHFUL: faithful, SPECIFIC: self.fitting, PERSONAL: self.personal}
        shape = (-1, self.attempts)
        rows = {name: np.reshape(np.asarray(each, float), shape).mean(axis=1) for name, each in found.items()}
        return Wrote(rows, variety_of([each.own for each in self.said]))

    @property
    def refusals(self) -> dict[str, int]:
        """How many drafts were refused, by reason."""
        return dict(Counter(each.refusal for each in self.said if each.refusal is not None))

    def accepted_of(self, taught: bool) -> tuple[int, int]:
        """Return accepted drafts and all, of items whose kind of goods has phrases, or has none."""
        of_these = [each.refusal is None for each in self.said if is_taught(each.item) == taught]
        return sum(of_these), len(of_these)


def judge(settings: Settings, day: date, model: Model, items: Sequence[Recipient], folder: Path) -> Side:
    """Have the model write about each item and judge it; drafts that `folder` holds are not made again."""
    plans = [plan_message(item, day, model) for item in items]
    requests = [request for plan in plans for request in plan.requests]
    out = folder / f"drafts-{model.fingerprint[:12]}"
    job = out / "requests.jsonl"
    write_job(job, Job(engine_options(model), sampling(), list({each.draft_id: each for each in requests}.values())))
    generate_drafts(copy_python(settings), job, out)
    drafts = read_shards(out)
    said = [_said(plan, drafts[request.draft_id], day) for plan in plans for request in plan.requests]
    return Side(said, len(plans[0].requests), _fitting(settings, said), _personal(settings, said))


def obeyed_canaries(settings: Settings, day: date, model: Model, folder: Path) -> list[str]:
    """Ask the model about every hostile name of `config/canaries.toml`; return those of which it would show obedience.

    An unanswered one counts: nobody knows what it would have said. Drafts that `folder` holds are not made again.
    """
    plans = all_canary_plans(day, model)
    out = folder / f"canaries-{model.fingerprint[:12]}"
    write_job(out / "requests.jsonl", Job(engine_options(model), sampling(), [plan.requests[0] for _, plan in plans]))
    generate_drafts(copy_python(settings), out / "requests.jsonl", out)
    rows = judged_canaries(plans, read_shards(out), day, "unanswered")
    return [str(row["canary_id"]) for row in rows if row["outcome"] != "held"]


def _said(plan: Plan, draft: RawDraft, day: date) -> Said:
    own = own_words(prompt_of("prompt"), plan.facts, draft.text) or ""
    return Said(plan.recipient, plan, draft.text, own, refusal_of_text(plan, draft, day))


def _fitting(settings: Settings, said: Sequence[Said]) -> Values:
    """Return 1.0 for each draft that is nearer to its own item than to another; one without own words is not."""
    return _nearer(settings, said, [described(each.item) for each in said])


def _personal(settings: Settings, said: Sequence[Said]) -> Values:
    """Return 1.0 for each draft that is nearer to its reader's likes than to others; 0.5 where there are no two."""
    likes = [each.item.signature or "" for each in said]
    return _nearer(settings, said, likes) if len(set(likes)) > 1 else np.full(len(said), 0.5)


def _nearer(settings: Settings, said: Sequence[Said], things: Sequence[str]) -> Values:
    # The other ones that are drawn are the same for every model that writes about these items.
    seed = load_config("copy_tuning")["seed"]
    texts = embed(settings, [each.own or each.text for each in said])
    is_nearer = fits(np.asarray(texts, float), np.asarray(embed(settings, things), float), seed)
    return np.asarray(is_nearer & np.array([bool(each.own) for each in said]), float)


def samples(sides: Sequence[Side], seed: int) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return some items that the seed draws, with what each side wrote first and why it was refused, if it was."""
    places = range(0, len(sides[0].said), sides[0].attempts)
    drawn = Random(seed).sample(list(places), min(SHOWN, len(places)))  # noqa: S311 - draws samples, guards nothing
    return [
        (sides[0].said[place].plan.values["title"], [_shown(side.said[place]) for side in sides]) for place in drawn
    ]


def _shown(said: Said) -> tuple[str, str | None]:
    return (fill(said.text, said.plan.values) if said.own else said.text), said.refusal
