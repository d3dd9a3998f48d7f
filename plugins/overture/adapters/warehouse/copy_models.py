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

SHOWN_DAYS = 28

SHOWN = f"""
with shown as (
    select distinct messages.item_id, coalesce(messages.signature, '') as signature, drafts.text
    from marts.messages as messages
    inner join copy.drafts as drafts on messages.draft_id = drafts.draft_id
    where messages.data_day > $day - {SHOWN_DAYS} and messages.data_day <= $day and messages.rung = 'draft'
)

-- A fair draw where there are more than are wanted.
select item_id, signature, text
from shown
order by md5(concat_ws('|', item_id, signature, text)), text
limit $most
"""

SIGNATURES = """
select distinct signature
from marts.user_signatures
where data_day = $day and signature is not null
order by signature
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


def read_signatures(warehouse: Warehouse, day: date) -> list[str]:
    """Return the different signatures that readers of a published day have, in order."""
    return [str(signature) for (signature,) in warehouse.rows(SIGNATURES, {"day": day})]


def shown_drafts(warehouse: Warehouse, day: date, most: int) -> list[tuple[str, str, str]]:
    """Return up to `most` drafts that messages of the last four weeks were made of: refused ones are never among them.

    Each with its item before it and the signature that it was written for, empty where the reader had none.
    """
    if not warehouse.columns(DRAFTS):
        return []
    found = warehouse.rows(SHOWN, {"day": day, "most": most})
    return [(str(item), str(signature), str(text)) for item, signature, text in found]


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
