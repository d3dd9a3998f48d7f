"""Which tuned copy model writes a day: the newest that the gate has accepted; and what one is tuned with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from overture.adapters.model_store import Model, ensure_whole, locate_model
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.copy_reads import DRAFTS
from overture.adapters.warehouse.runs import RUNS
from overture.core.claims import Recipient
from overture.errors import ArtifactError
from overture.run import Run
from overture.settings import Settings

COPY_MODELS = "ops.copy_models"

ITEMS = """
select '', item_id, title, department, category, brand, size, price, currency, null, null, false, ''
from marts.item_facts
where data_day = $day and trim(title) <> ''
order by item_id
"""

SHOWN = """
select distinct messages.item_id, drafts.text
from marts.messages as messages
inner join copy.drafts as drafts on messages.draft_id = drafts.draft_id
where messages.data_day <= $day and messages.rung = 'draft'
order by messages.item_id, drafts.text
"""


@dataclass(frozen=True)
class Tuned:
    """A tuned model that was accepted. base: the fingerprint of the model that it was tuned from."""

    name: str
    fingerprint: str
    base: str


def read_items(warehouse: Warehouse, day: date) -> list[Recipient]:
    """Return the facts of every item of a published day, as of one whom nothing is known of; by item id."""
    return [Recipient(*row) for row in warehouse.rows(ITEMS, {"day": day})]


def shown_drafts(warehouse: Warehouse, day: date) -> list[tuple[str, str]]:
    """Return item and text of each draft that a message up to `day` was made of: refused ones are never among them."""
    if not warehouse.columns(DRAFTS):
        return []
    return [(str(item), str(text)) for item, text in warehouse.rows(SHOWN, {"day": day})]


def edited_by_people(warehouse: Warehouse) -> frozenset[str]:
    """Return the texts of drafts that a person has edited, slots open."""
    if not warehouse.columns(DRAFTS):
        return frozenset()
    return frozenset(str(text) for (text,) in warehouse.rows(f"select text from {DRAFTS} where engine = 'person'"))


def in_force(warehouse: Warehouse, day: date) -> str | None:
    """Return the fingerprint of the newest accepted model of an earlier day; None where there is none."""
    if not warehouse.columns(COPY_MODELS):
        return None
    found = warehouse.rows(
        f"select fingerprint from {COPY_MODELS} where is_accepted and data_day < ? order by data_day desc limit 1",
        [day],
    )
    return str(found[0][0]) if found else None


def model_of_run(warehouse: Warehouse, run: Run) -> Model:
    """Return what the run writes with: the tuned model that it was opened with, else the settings' own.

    A model tuned from another one than the settings name is not used. Raises ModelError where a model is missing,
    damaged or another one, ArtifactError where the noted one has no row any more.
    """
    noted = None
    if "copy_model" in warehouse.columns(RUNS):
        rows = warehouse.rows(f"select copy_model from {RUNS} where token = ?", [run.token])
        noted = rows[0][0] if rows else None
    return model_of(warehouse, run.settings, noted)


def model_of(warehouse: Warehouse, settings: Settings, fingerprint: str | None) -> Model:
    """Return the tuned model of a fingerprint; the settings' own where it is None or was tuned from another one."""
    own = locate_model(settings)
    if fingerprint is None:
        return own
    found = warehouse.rows(
        f"select name, fingerprint, base from {COPY_MODELS} where fingerprint = ? limit 1", [fingerprint]
    )
    if not found:
        raise ArtifactError("no such copy model", where=COPY_MODELS, expected=fingerprint, got="none")
    tuned = Tuned(*found[0])
    return own if tuned.base != own.fingerprint else ensure_whole(settings, tuned.name, tuned.fingerprint)


def record_copy_model(warehouse: Warehouse, day: date, decision: Mapping[str, object]) -> None:
    """Make the decision the one row of `day`; its names are columns of the contract."""
    warehouse.replace_day(COPY_MODELS, day, pa.Table.from_pylist([{"data_day": day, **decision}]))
