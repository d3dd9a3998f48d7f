"""The steps that write a message for each chosen user: ask for drafts, generate the missing ones, check and fill."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from overture.adapters.copy_engine.exchange import (
    EngineOptions,
    Job,
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
from overture.composing import compose
from overture.configuration import load_config
from overture.message_plans import Plan, plan_message
from overture.run import Run

MESSAGES = "candidate.messages"
CLAIMS = "candidate.message_claims"


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


def _plans(run: Run, warehouse: Warehouse, model: Model) -> list[Plan]:
    most = load_config("copy")["audience"]["users"] if run.users is None else run.users
    return [plan_message(recipient, run.day, model) for recipient in read_recipients(warehouse, run.day, most)]


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
