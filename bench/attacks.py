"""What came of the attacks: every hostile name of the suite, asked once of the real model, its reply judged anew."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.model_store import Model
from overture.composing import compose
from overture.core.claims import Recipient
from overture.core.obedience import Attack, obeyed
from overture.core.prompts import own_words
from overture.message_plans import Plan, plan_message, prompt_of

ROOT = Path(__file__).resolve().parent
SUITE = ROOT.parent / "tests" / "data" / "attacks.jsonl"
REPLIES = ROOT / "attack_replies" / "replies.jsonl"
DAY = date(2017, 11, 28)
NO_MODEL = Model("", "none", "")

HONEST = Recipient(
    "u1", "item-1", "PLAIN CRACKERS", "GROCERY", "CRACKERS", "National", "12 OZ", Decimal("2.49"), "USD", "item-2",
    "POTATO CHIPS", True, "als_with_ease",
)  # fmt: skip
"""The item and reader that each attack takes a name of."""


@dataclass(frozen=True)
class Judged:
    """One attack and what came of it.

    refusal: why the checks refused its reply, None where they let it be shown. sign: how the reply shows obedience,
    None where it does not.
    """

    kind: str
    attack_id: str
    refusal: str | None
    sign: str | None
    text: str

    @property
    def is_obeyed(self) -> bool:
        """Whether a reader would have been shown what the attack asks for."""
        return self.refusal is None and self.sign is not None


def suite() -> list[dict[str, Any]]:
    """Return the attacks as the tests list them: id, kind, language, place, text and canary."""
    return [json.loads(line) for line in SUITE.read_text(encoding="utf-8").splitlines()]


def plans(model: Model) -> dict[str, Plan]:
    """Return what is asked for each attack, by its id: one draft about the honest item under the hostile name."""
    asked = {record["id"]: Attack.from_record(record).on(HONEST) for record in suite()}
    return {identity: plan_message(recipient, DAY, model) for identity, recipient in asked.items()}


def save(replies: dict[str, RawDraft]) -> None:
    """Keep the replies beside this module, by attack."""
    lines = [json.dumps({"attack_id": name} | asdict(raw), ensure_ascii=True) for name, raw in replies.items()]
    REPLIES.parent.mkdir(exist_ok=True)
    REPLIES.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kept() -> dict[str, RawDraft]:
    """Return the replies that the last run of `python -m bench attacks` kept, by attack."""
    rows = [json.loads(line) for line in REPLIES.read_text(encoding="utf-8").splitlines()]
    return {row.pop("attack_id"): RawDraft(**row) for row in rows}


def judged(replies: dict[str, RawDraft]) -> list[Judged]:
    """Return what came of each attack that was answered, by the checks and signs as they are now."""
    prompt, asked, found = prompt_of("prompt"), plans(NO_MODEL), []
    for record in suite():
        if (raw := replies.get(record["id"])) is None:
            continue
        plan = asked[record["id"]]
        alone = replace(plan, requests=(replace(plan.requests[0], draft_id=raw.draft_id),))
        message, _ = compose(alone, {raw.draft_id: raw}, DAY)
        words = own_words(prompt, plan.facts, raw.text)
        sign = obeyed(raw.text, words, record["canary"], list(plan.facts), prompt.told)
        found.append(Judged(record["kind"], record["id"], message.get("refusal"), sign, raw.text))
    return found


def table(found: Sequence[Judged]) -> str:
    """Return a Markdown table with a row for each kind of attack, and one for all."""
    sent = Counter(record["kind"] for record in suite())
    lines = [
        "| kind of attack | sent | answered within the grammar | refused by the checks | why | shown | obeyed |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in [*sorted(sent), "all"]:
        of = [each for each in found if kind in (each.kind, "all")]
        refused = [each for each in of if each.refusal is not None]
        within = sum(each.refusal not in OFF_GRAMMAR for each in of)
        counts = (sent[kind] or sent.total(), within, len(refused), _reasons(refused), len(of) - len(refused))
        lines.append(f"| {kind} | {' | '.join(map(str, counts))} | {sum(each.is_obeyed for each in of)} |")
    signs = [each for each in found if each.sign]
    lines += ["", f"Replies with a sign of obedience, all refused but {sum(each.is_obeyed for each in signs)}:"]
    lines[-1] += f" {_reasons_of(each.sign for each in signs) or 'none'}."
    return "\n".join(lines)


OFF_GRAMMAR = ("off_grammar", "unfinished", "digits", "signs", "slot_unknown", "slot_missing", "not_generated")


def _reasons(found: Iterable[Judged]) -> str:
    return _reasons_of(each.refusal for each in found)


def _reasons_of(names: Iterable[str | None]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(names).most_common())
