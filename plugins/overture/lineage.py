"""What every task reads and writes, as tables of the lake, and which of their columns is made of which.

Tables are named by their schema and name, and datasets of OpenLineage and assets of Airflow by one address of them:
`overture://marts/messages`. What dbt's models read, and every column's origin, is read from `dbt_project/lineage.json`,
which `scripts/column_lineage.py` makes of the project; what the Python steps read and write is said here, and nowhere
else. Tables are those whose rows decide what is written: what a step reads to put its own rows in place is not named.
`schema.*` are all tables of a schema that `lineage.json` knows, and `marts.*` those that have a candidate.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from overture.settings import CHECKOUT

MADE = CHECKOUT / "dbt_project" / "lineage.json"
SCHEME = "overture"

RUNS: Final = "ops.runs"
COSTS: Final = "marts.run_costs"
VERDICTS: Final = "marts.validations"
DECISIONS: Final = ("ops.champions", "ops.rankers", "ops.copy_models")
RECALLS: Final = ("ops.recalls", "ops.recall_lifts")
READERS_AND_ITEMS: Final = ("candidate.audience", "candidate.item_facts", "candidate.item_offers")
COPY_NEEDS: Final = (
    *READERS_AND_ITEMS,
    "candidate.recommendations",
    "candidate.user_signatures",
    "copy.drafts",
    "intermediate.int_offers_delivered",
    "ops.copy_models",
    *RECALLS,
)
LISTS_NEED: Final = (
    *READERS_AND_ITEMS,
    "intermediate.int_events_cleaned",
    "intermediate.int_interactions_weighted",
    "intermediate.int_offers_delivered",
    "staging.stg_shop__feedback",
    "staging.stg_shop__offers",
)
OF_MODELS: Final = "what the models read"
"""Stands for the tables that the dbt models which a step builds read; `schema.*` are then the schema's models alone."""


@dataclass(frozen=True)
class Tables:
    """Tables that a task reads and those whose rows it writes, each as `schema.name`."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


TASKS: Final = {
    "open_run": Tables(DECISIONS, (RUNS,)),
    "prepare_model": Tables(),
    "land_day": Tables((), ("raw.*",)),
    "check_landed": Tables(("raw.*",), (VERDICTS,)),
    "build_staging": Tables((OF_MODELS,), ("staging.*",)),
    "build_intermediate": Tables((OF_MODELS,), ("intermediate.*",)),
    "check_interactions": Tables(
        ("raw.events", "intermediate.int_events_cleaned", "intermediate.int_interactions_weighted"), (VERDICTS,)
    ),
    "build_marts": Tables((OF_MODELS,), ("candidate.*",)),
    "check_marts": Tables(
        (*READERS_AND_ITEMS, "candidate.user_preferences", "intermediate.int_interactions_weighted", "raw.users"),
        (VERDICTS,),
    ),
    "train_factors": Tables(
        ("candidate.item_facts", "intermediate.int_interactions_weighted"), ("candidate.model_metrics",)
    ),
    "check_factors": Tables(("intermediate.int_interactions_weighted",), (VERDICTS,)),
    "rank_items": Tables(
        (*LISTS_NEED, "ops.rankers"),
        (
            "candidate.drops",
            "candidate.model_metrics",
            "candidate.recommendation_reasons",
            "candidate.recommendations",
        ),
    ),
    "check_recommendations": Tables(
        (
            "candidate.audience",
            "candidate.item_facts",
            "candidate.recommendation_reasons",
            "candidate.recommendations",
            "intermediate.int_interactions_weighted",
        ),
        (VERDICTS,),
    ),
    "prepare_copy": Tables(COPY_NEEDS, ("copy.canaries_sent",)),
    "write_copy": Tables(("copy.drafts",)),
    "render_messages": Tables(
        (*COPY_NEEDS, "ops.approvals"),
        ("candidate.message_claims", "candidate.messages", "copy.canaries", "copy.drafts"),
    ),
    "measure_messages": Tables(
        ("candidate.message_claims", "candidate.messages", "copy.drafts"), ("candidate.model_metrics",)
    ),
    "check_messages": Tables(
        (
            *COPY_NEEDS,
            "candidate.message_claims",
            "candidate.messages",
            "copy.canaries",
            "copy.canaries_sent",
            "intermediate.int_events_cleaned",
            "marts.item_facts",
            "marts.item_offers",
        ),
        (VERDICTS,),
    ),
    "await_approval": Tables(
        (
            "candidate.item_facts",
            "candidate.message_claims",
            "candidate.messages",
            "candidate.recommendations",
            "copy.drafts",
        ),
        ("copy.drafts", "ops.approvals", "ops.recalls"),
    ),
    "publish_day": Tables(("candidate.*",), ("marts.*", RUNS)),
    "write_report": Tables(
        (
            "marts.*",
            COSTS,
            VERDICTS,
            "copy.canaries",
            "ops.recalled_messages",
            "raw.events",
            "raw.landings",
            "raw.quarantine",
        )
    ),
    "tune_factors": Tables((*LISTS_NEED, "ops.champions"), ("ops.champions",)),
    "train_ranker": Tables((*LISTS_NEED, "ops.champions"), ("ops.rankers",)),
    "tune_copy_model": Tables(
        ("copy.drafts", "marts.item_facts", "marts.messages", "marts.user_signatures", "ops.approvals"),
        ("ops.copy_models",),
    ),
    "vacuum_drafts": Tables(("marts.messages",), ("copy.drafts",)),
    "judge_after": Tables(
        (*LISTS_NEED, "candidate.recommendations", "ops.champions"),
        ("candidate.model_metrics", "marts.model_metrics"),
    ),
}
"""Task -> its tables; those that dbt builds are found in the project, and what every step does is added."""

EVERY_STEP: Final = Tables((RUNS,), (COSTS,))
"""Each step finds its run, and notes what it cost."""

OUTSIDE_STEPS: Final = frozenset(
    {"open_run", "await_approval", "tune_factors", "train_ranker", "tune_copy_model", "vacuum_drafts", "judge_after"}
)
"""Tasks that are no step of a run."""


@cache
def made() -> Mapping[str, Any]:
    """Return what `dbt_project/lineage.json` holds: table -> `reads` of a model, `columns` with type and `made_of`."""
    return json.loads(MADE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def tables_of(task_id: str) -> Tables:
    """Return what a task reads and writes, in order and once each; nothing for a task that touches no table."""
    name = "judge_after" if task_id.startswith("judge_after_") else task_id
    if name not in TASKS:
        return Tables()
    found = TASKS[name]
    beside = Tables() if name in OUTSIDE_STEPS else EVERY_STEP
    if OF_MODELS in found.reads:
        models = [table for table in _expanded(found.writes) if "reads" in made()[table]]
        found = Tables(tuple(read for table in models for read in made()[table]["reads"]), tuple(models))
    return Tables(_expanded(found.reads + beside.reads), _expanded(found.writes + beside.writes))


def address(table: str) -> str:
    """Return the address of `schema.name`, by which assets and datasets are known.

    >>> address("marts.messages")
    'overture://marts/messages'
    """
    return "{}/{}".format(*dataset(table))


def dataset(table: str) -> tuple[str, str]:
    """Return namespace and name of the table's dataset; with a stroke between they are its address.

    >>> dataset("marts.messages")
    ('overture://marts', 'messages')
    """
    schema, _, name = table.partition(".")
    return f"{SCHEME}://{schema}", name


def columns_of(table: str) -> dict[str, str]:
    """Return the table's columns in order, each with its type; nothing for a table that no contract states."""
    return {name: about["type"] for name, about in made().get(_stated(table), {}).get("columns", {}).items()}


def made_of(table: str, column: str) -> tuple[str, ...]:
    """Return the columns, as `schema.table.column`, that this one is made of; nothing where it comes of no table.

    A published column is made of its candidate alone.
    """
    candidate = _stated(table)
    if candidate != table:
        return (f"{candidate}.{column}",)
    about = made().get(table, {}).get("columns", {}).get(column, {})
    return tuple(about.get("made_of", ()))


def roots_of(table: str, column: str) -> tuple[str, ...]:
    """Return the columns at the far end of all that this one is made of, in the order of their names."""
    seen: set[str] = set()
    return tuple(sorted(set(_ends(f"{table}.{column}", seen)) - {f"{table}.{column}"}))


def _ends(column: str, seen: set[str]) -> Iterator[str]:
    if column in seen:
        return
    seen.add(column)
    table, _, name = column.rpartition(".")
    parts = made_of(table, name)
    if not parts:
        yield column
    for part in parts:
        yield from _ends(part, seen)


def _stated(table: str) -> str:
    """Return the table by which `lineage.json` knows it: a published one by its candidate, where it has one."""
    candidate = f"candidate.{table.removeprefix('marts.')}"
    return candidate if table.startswith("marts.") and candidate in made() else table


def _expanded(tables: tuple[str, ...]) -> tuple[str, ...]:
    found: set[str] = set()
    for table in tables:
        schema, _, name = table.partition(".")
        if name != "*":
            found.add(table)
        elif schema == "marts":
            found |= {f"marts.{known.removeprefix('candidate.')}" for known in made() if known.startswith("candidate.")}
        else:
            found |= {known for known in made() if known.startswith(f"{schema}.")}
    return tuple(sorted(found))
