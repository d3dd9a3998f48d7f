"""Approval: what a person decides about a sample of a day's messages, before they are published."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.warehouse import Warehouse, fences, open_warehouse
from overture.adapters.warehouse.approvals import record_approvals, sample_of
from overture.adapters.warehouse.copy_reads import store_drafts, stored_drafts
from overture.adapters.warehouse.recalls import DRAFT, MESSAGE, Recall, note_recall, record_recall
from overture.adapters.warehouse.runs import join_run
from overture.configuration import load_config
from overture.copywriting import refusal_of_edited
from overture.core.approval import EDITED, REJECTED, WITHHELD, Answer, Decision, Sampled
from overture.editing import edited
from overture.errors import GateError, UsageError
from overture.presentation import verbatim
from overture.run import Joining, Run
from overture.settings import Settings
from overture.steps import perform

STEP: Final = "await_approval"
MADE_AGAIN: Final = ("render_messages", "measure_messages", "check_messages")
"""Steps that are done once more where a person has changed what may be said."""


def sampled(settings: Settings, day: date, asked: int | None) -> list[Sampled]:
    """Return the messages that a person is to see; none where nobody is to be asked. asked: of this run, by its start.

    A run may ask for more than the configuration, and never for less.
    """
    config = load_config("copy")["approval"]
    most = max(config["messages"], asked or 0)
    if not most:
        return []
    with open_warehouse(settings, read_only=True) as warehouse:
        return sample_of(warehouse, day, most, config["seed"])


def as_page(day: date, sample: list[Sampled]) -> str:
    """Return the sample as Markdown in which every text of shop and model stands as it is, and does nothing."""
    parts = [f"{len(sample)} of the messages of {day}. What is decided about one holds for all of its draft."]
    for place, message in enumerate(sample):
        lines = [
            verbatim(message.text),
            f"- item: {verbatim(message.title)} ({verbatim(message.item_id)})",
            f"- reason: {'none' if message.reason is None else verbatim(message.reason)}",
            f"- rung: {message.rung}",
            *(f"- {verbatim(claim)}" for claim in message.claims),
        ]
        parts.append(f"### {place + 1}\n\n{lines[0]}\n\n" + "\n".join(lines[1:]))
    return "\n\n".join(parts)


def decide(settings: Settings, day: date, joining: Joining, answer: Answer) -> None:
    """Do what a person has answered about a run's sample; write and judge the messages again where that changes them.

    Raises GateError where nothing is to be published, SupersededError when a newer run of the day exists, and what
    `take` and the steps that are done again raise.
    """
    with open_warehouse(settings) as warehouse:
        run = join_run(warehouse, settings, day, joining.run_id, joining.users)
        warehouse.attempt = fences.begin_step(warehouse.catalog.lake, day, STEP, run.token, run.run_id)
        take(run, warehouse, answer)
        fences.finish(warehouse.catalog.lake, warehouse.attempt)
    if not answer.is_published:
        why = f"; why: {answer.why}" if answer.why else ""
        raise GateError(f"{answer.person} lets nothing be published{why}", where=day, expected="an approval")
    if answer.changes_messages:
        for name in MADE_AGAIN:
            perform(name, settings, day, joining)


def take(run: Run, warehouse: Warehouse, answer: Answer) -> None:
    """Note an answer in `ops.approvals`, recall rejected drafts, and store edited ones, all in one transaction.

    A rejected message of the template is not sent. Raises UsageError for an edited draft that the checks refuse:
    nothing is then noted.
    """
    edits = _edits(warehouse, run, answer) if answer.is_published else {}
    decided = {"run_id": run.run_id, "data_day": run.day, "why": answer.why or None}
    decided |= {"decided_by": answer.person, "decided_at": answer.decided_at}
    decisions = answer.decisions if answer.is_published else ()
    rows = [decided | _row(each, edits) for each in decisions] or [decided | {"decision": WITHHELD}]

    def work(lake: Warehouse) -> None:
        store_drafts(lake, list(edits.values()), run.day)
        for each in decisions:
            if each.decision == REJECTED:
                _recall(lake, run.day, each.message, answer)
        record_approvals(lake, rows)

    warehouse.write(f"approval of {run.day}", work)


def _edits(warehouse: Warehouse, run: Run, answer: Answer) -> dict[str, RawDraft]:
    """Return the edited drafts by the id of those that they replace; raise UsageError for one that is refused."""
    wanted = [each for each in answer.decisions if each.decision == EDITED]
    stored = stored_drafts(warehouse, [str(each.message.draft_id) for each in wanted])
    found = {draft_id: edited(stored[draft_id], text) for draft_id, text in map(_id_and_text, wanted)}
    subjects = {(each.message.user_id, each.message.item_id): found[str(each.message.draft_id)] for each in wanted}
    for (user_id, _), refusal in refusal_of_edited(run, warehouse, subjects).items():
        if refusal is not None:
            expected = "words that every draft may have, in one of its openings"
            raise UsageError("an edited draft is refused", where=f"of user {user_id}", expected=expected, got=refusal)
    return found


def _id_and_text(decision: Decision) -> tuple[str, str]:
    return str(decision.message.draft_id), str(decision.text)


def _row(decision: Decision, edits: Mapping[str, RawDraft]) -> dict[str, object]:
    message = decision.message
    row: dict[str, object] = {"user_id": message.user_id, "item_id": message.item_id, "draft_id": message.draft_id}
    row["edited_draft_id"] = edits[str(message.draft_id)].draft_id if decision.decision == EDITED else None
    return row | {"decision": decision.decision}


def _recall(lake: Warehouse, day: date, message: Sampled, answer: Answer) -> None:
    why = f"rejected before publishing: {answer.why or 'no reason given'}"
    if message.draft_id is not None:
        record_recall(lake, Recall(DRAFT, message.draft_id, None, why, answer.person, answer.decided_at))
    else:  # nothing is published yet that could be withdrawn
        note_recall(lake, Recall(MESSAGE, message.user_id, day, why, answer.person, answer.decided_at))
