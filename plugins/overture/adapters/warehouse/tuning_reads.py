"""What a search for better factors reads as of one day: every event with its age, the items and the readers."""

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.training_reads import encoded
from overture.core import columns
from overture.core.behaviour import ItemFacts, Readers, positions_of
from overture.core.dated_events import DatedEvents
from overture.core.history import Items
from overture.core.validation_days import Shop

EVENTS = """
select
    user_id,
    item_id,
    event_type,
    $day - cast(occurred_at as date) as days_ago,
    $day - greatest(data_day, cast(occurred_at as date)) as known_days_ago,
    count(*) as events
from intermediate.int_events_cleaned
where
    data_day <= $day
    and occurred_at < $day + 1
    and list_contains($types, event_type)
group by all
"""


def read_shop(
    warehouse: Warehouse, day: date, facts: ItemFacts, readers: Readers, types: tuple[Sequence[str], Sequence[str]]
) -> Shop:
    """Return every event up to the end of `day` with the day's items and readers.

    types: of the events that count, and those of them after which a user has the item. Nothing that occurred or
    arrived after the day is read.
    """
    every_type, buying = np.array(sorted(set(types[0]) | set(types[1])), np.str_), types[1]
    table = warehouse.arrow(EVENTS, {"day": day, "types": every_type.tolist()})
    (users, user_codes), (items, item_codes) = encoded(table[columns.USER_ID]), encoded(table[columns.ITEM_ID])
    kinds, kind_codes = encoded(table["event_type"])
    user_ids, item_ids = np.union1d(users, readers.user_ids), np.union1d(items, facts.item_ids)
    events = DatedEvents.of(
        (user_ids, item_ids, every_type),
        (
            positions_of(user_ids, users)[user_codes].astype(np.int32),
            positions_of(item_ids, items)[item_codes].astype(np.int32),
            positions_of(every_type, kinds)[kind_codes].astype(np.int32),
        ),
        (table["days_ago"].to_numpy(), table["known_days_ago"].to_numpy()),
        table["events"].to_numpy(),
    )
    return Shop(
        events, Items.of(facts, item_ids), positions_of(user_ids, readers.user_ids), np.isin(every_type, list(buying))
    )


def sha256_of(shop: Shop) -> str:
    """Return a sha256 (hex) over all that a search reads of the shop: equal for equal rows in any order."""
    events, items, digest = shop.events, shop.items, hashlib.sha256()
    for ids in (events.user_ids, events.item_ids, events.types, items.department_names):
        digest.update("\0".join(ids.tolist()).encode() + b"\1")
    arrays = [events.users, events.items, events.kinds, events.days_ago, events.known_days_ago, events.counts]
    for array in [*arrays, items.departments, items.is_allowed, shop.readers, shop.is_buying]:
        digest.update(f"{array.dtype} {len(array)}\0".encode() + array.tobytes())
    return digest.hexdigest()


def first_event_day(warehouse: Warehouse, day: date) -> date | None:
    """Return the day of the oldest event known by the end of `day`; None where there is none."""
    if not warehouse.columns("intermediate.int_events_cleaned"):
        return None
    found = warehouse.rows(
        "select min(cast(occurred_at as date)) from intermediate.int_events_cleaned where data_day <= ?", [day]
    )
    return found[0][0]  # type: ignore[no-any-return]
