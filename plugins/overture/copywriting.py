"""The steps that write a message for each chosen user: ask for drafts, generate the missing ones, check and fill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from overture.adapters.copy_engine.exchange import (
    Budget,
    EngineOptions,
    Job,
    Part,
    RawDraft,
    Sampling,
    is_over_budget,
    never_made,
    read_job,
    read_shards,
    shards,
    write_job,
)
from overture.adapters.copy_engine.leases import may_remove_from, nothing_removed_from
from overture.adapters.copy_engine.processors import accelerator
from overture.adapters.copy_process import generate_drafts
from overture.adapters.model_store import Model, copy_python, is_address
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.approvals import edits_of
from overture.adapters.warehouse.copy_models import model_of_run
from overture.adapters.warehouse.copy_reads import read_names, read_recipients, store_drafts, stored_drafts
from overture.adapters.warehouse.recalls import recalled_on
from overture.adapters.warehouse.runs import StepCost
from overture.canaries import note_canaries, watch_canaries, with_canaries
from overture.choosing import chosen
from overture.composing import compose
from overture.configuration import load_config
from overture.core.drafts import OVER_BUDGET, RECALLED
from overture.core.mentions import Names
from overture.core.recalled import Recalled
from overture.editing import refusal_of_edit, with_edits
from overture.message_plans import Plan, plan_message
from overture.run import Run
from overture.sharing import with_lent

MESSAGES = "candidate.messages"
CLAIMS = "candidate.message_claims"


def prepare_copy(run: Run, warehouse: Warehouse) -> StepCost:
    """Write the requests for drafts that the lake does not hold to OVERTURE_HOME/copy/<day>/requests.jsonl.

    Raises ModelError when the model is not ready.
    """
    model = model_of_run(warehouse, run)
    plans = _plans(run, warehouse, model)
    wanted = {request.draft_id: request for plan in plans for request in plan.requests}
    stored = stored_drafts(warehouse, list(wanted))
    missing = [request for identity, request in wanted.items() if identity not in stored]
    asked = with_canaries(missing, run.day, model)
    note_canaries(warehouse, run.day, model, is_asked=bool(asked))
    write_job(_job_file(run), Job(engine_options(model), sampling(), asked, budget(), _label(run)))
    return StepCost(drafts_reused=len(stored))


def write_copy(run: Run, warehouse: Warehouse) -> StepCost:
    """Generate the drafts that are asked for and neither stored nor in a shard, in the copy environment.

    Other runs may have stored some since they were asked for. Starts nothing for none; returns what this run made.
    Raises ModelError and CopyEngineError.
    """
    file, folder = _job_file(run), _shards_folder(run)
    # From here on a draft that another run makes is either in the lake or stays in a shard: none is made twice.
    with nothing_removed_from(folder):
        job = read_job(file)
        stored = stored_drafts(warehouse, [request.draft_id for request in job.requests])
        asked = [request for request in job.requests if request.draft_id not in stored]
        before = read_shards(folder)
        missing = {request.draft_id for request in asked} - before.keys()
        if not missing:
            return StepCost(drafts_reused=len(job.requests))
        write_job(file, replace(job, requests=asked))
        generate_drafts(copy_python(run.settings), file, folder, Part(*run.worker))
        made = [draft for identity, draft in read_shards(folder, job.label).items() if identity in missing]
    return StepCost(
        drafts_reused=len(job.requests) - len(missing),
        tokens_in=sum(draft.tokens_in for draft in made),
        tokens_out=sum(draft.tokens_out for draft in made),
        drafts_made=len(made),
    )


def render_messages(run: Run, warehouse: Warehouse) -> None:
    """Store the new drafts; write each user's message and its claims from the draft if it passes, else the template.

    It is about that of the user's first items whose text fits the user best.
    """
    folder = _shards_folder(run)
    with nothing_removed_from(folder):
        finished = shards(folder)
        store_drafts(warehouse, list(read_shards(folder).values()), run.day)
    model = model_of_run(warehouse, run)
    plans = _plans(run, warehouse, model)
    plans = with_edits(plans, edits_of(warehouse, run.day))
    drafts = stored_drafts(warehouse, [request.draft_id for plan in plans for request in plan.requests])
    is_spent = is_over_budget(_job_file(run), _label(run))
    watch_canaries(warehouse, run.day, model, _asked(run), is_spent)
    if is_spent:
        drafts = {r.draft_id: never_made(r, OVER_BUDGET) for plan in plans for r in plan.requests} | drafts
    drafts |= _withdrawn(plans, recalled_on(warehouse, run.day))
    names = _names(run, warehouse)
    composed = [compose(plan, drafts, run.day, names) for plan in plans]
    lent = with_lent(plans, composed, drafts, run.day, names)
    made = chosen(run.settings, plans, lent, drafts)
    messages = [message for message, _ in made]
    claims = [claim for _, claims in made for claim in claims]

    def work(lake: Warehouse) -> None:
        lake.replace_day(MESSAGES, run.day, _table(messages, MESSAGE_TYPES))
        lake.replace_day(CLAIMS, run.day, _table(claims, CLAIM_TYPES))

    warehouse.write(f"render messages {run.day}", work)
    if may_remove_from(folder):
        for shard in finished:
            shard.unlink(missing_ok=True)


MESSAGE_TYPES = {"data_day": pa.date32()} | {
    name: pa.string()
    for name in (
        "user_id", "item_id", "text", "locale", "engine", "model", "prompt_version", "draft_id", "rung", "refusal",
        "signature", "signature_id",
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


def _plans(run: Run, warehouse: Warehouse, model: Model) -> list[Plan]:
    most = load_config("copy")["audience"]["users"] if run.users is None else run.users
    recipients = read_recipients(warehouse, run.day, most, load_config("copy")["message"]["choices"])
    recalled = recalled_on(warehouse, run.day)
    plans = [plan_message(recalled.taken_from(recipient), run.day, model) for recipient in recipients]
    # What has no name cannot be written about; where a reader has nothing else, the gate misses the message.
    return [plan for plan in plans if "title" in plan.facts]


def refusal_of_edited(
    run: Run, warehouse: Warehouse, drafts: Mapping[tuple[str, str], RawDraft]
) -> dict[tuple[str, str], str | None]:
    """Return why the checks refuse each edited draft for the message of a user and item; None where they do not."""
    if not drafts:
        return {}
    names = _names(run, warehouse)
    plans = {
        (plan.recipient.user_id, plan.recipient.item_id): plan
        for plan in _plans(run, warehouse, model_of_run(warehouse, run))
    }
    return {key: refusal_of_edit(plans[key], draft, run.day, names) for key, draft in drafts.items()}


def _names(run: Run, warehouse: Warehouse) -> Names:
    return Names.of_catalogue(*read_names(warehouse, run.day), load_config("text_checks")["names"])


def _withdrawn(plans: Sequence[Plan], recalled: Recalled) -> dict[str, RawDraft]:
    asked = (request for plan in plans for request in plan.requests if request.draft_id in recalled.drafts)
    return {request.draft_id: never_made(request, RECALLED) for request in asked}


def sampling() -> Sampling:
    """Return the configured way in which the engine chooses words."""
    settings = {name: value for name, value in load_config("copy")["sampling"].items() if name != "seed"}
    return Sampling(**settings)


def budget() -> Budget:
    """Return the configured ceiling of what a run may spend on drafts."""
    return Budget(**load_config("copy")["budget"])


def engine_options(model: Model) -> EngineOptions:
    """Return how the engine is set up for a model."""
    config = load_config("copy")["engine"]
    plain = {name: value for name, value in config.items() if not isinstance(value, dict)}
    where = "server" if is_address(model.location) else accelerator() or "cpu"
    return EngineOptions(model=model.location, name=model.name, **plain, **config[where])


def _asked(run: Run) -> list[str]:
    return [request.draft_id for request in read_job(_job_file(run)).requests] if _job_file(run).exists() else []


def _job_file(run: Run) -> Path:
    return run.settings.copy / str(run.day) / "requests.jsonl"


def _shards_folder(run: Run) -> Path:
    """Return the folder that the workers of all runs share."""
    return run.settings.copy / "drafts"


def _label(run: Run) -> str:
    return f"{run.day}.{run.token}"


def _table(rows: Sequence[dict[str, Any]], types: dict[str, pa.DataType]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=pa.schema(list(types.items())))
