"""What only some strategies learn from: single purchases with prices, categories, and what was on offer when."""

import dataclasses
from collections.abc import Sequence
from datetime import date

import numpy as np

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.evaluation_reads import read_tags
from overture.adapters.warehouse.training_reads import encoded, texts
from overture.core import columns
from overture.core.backtest import Stage
from overture.core.behaviour import positions_of
from overture.core.history import History
from overture.core.offers import Offers
from overture.core.purchases import Purchases

# Summed as decimals: a sum of doubles depends on the order of the rows.
PURCHASES = """
select
    user_id,
    item_id,
    $day - cast(occurred_at as date) as days_ago,
    cast(sum(value) as double) / nullif(cast(sum(try_cast(quantity as decimal(18, 4))) as double), 0) as unit_price
from intermediate.int_events_cleaned
where
    data_day <= $day
    and occurred_at < $day + 1
    and list_contains($buying_event_types, event_type)
group by user_id, item_id, days_ago
"""

OFFERS = """
select
    item_id,
    $day - greatest(starts_on, data_day) as starts_days_ago,
    $day - ends_on as ends_days_ago
from staging.stg_shop__offers
where
    data_day <= $day
    and starts_on <= $day
    and item_id is not null
"""


def with_detail(warehouse: Warehouse, day: date, stage: Stage, buying_event_types: Sequence[str]) -> Stage:
    """Return the stage of `day` with single purchases, categories and offers."""
    purchases = read_purchases(warehouse, day, stage.history, buying_event_types)
    names, codes = np.unique(read_tags(warehouse, day, stage.history.item_ids)[1], return_inverse=True)
    categories = np.where(names[codes] == "", -1, codes).astype(np.int32)
    return dataclasses.replace(
        stage,
        history=dataclasses.replace(stage.history, purchases=purchases),
        items=dataclasses.replace(
            stage.items, categories=categories, offers=read_offers(warehouse, day, stage.history)
        ),
    )


def read_purchases(warehouse: Warehouse, day: date, history: History, buying_event_types: Sequence[str]) -> Purchases:
    """Return each day on which a user of the history bought an item by the end of `day`: what its counts sum up.

    A unit price is what was paid by how many pieces, on that day together; unknown where either is, or is not above 0.
    """
    table = warehouse.arrow(PURCHASES, {"day": day, "buying_event_types": list(buying_event_types)})
    (users, user_codes), (items, item_codes) = encoded(table[columns.USER_ID]), encoded(table[columns.ITEM_ID])
    unit_prices = table["unit_price"].to_numpy()
    return Purchases.of(
        positions_of(history.user_ids, users)[user_codes],
        positions_of(history.item_ids, items)[item_codes],
        table["days_ago"].to_numpy(),
        np.where(np.isfinite(unit_prices) & (unit_prices > 0), unit_prices, np.nan),
    )


def read_offers(warehouse: Warehouse, day: date, history: History) -> Offers:
    """Return what was announced and had begun by the end of `day`, of items that the history knows.

    Of several announcements of an item in one offer each stands for itself: what was known earlier stays as it was.
    """
    table = warehouse.arrow(OFFERS, {"day": day})
    items = positions_of(history.item_ids, texts(table[columns.ITEM_ID]))
    starts, ends = table["starts_days_ago"].to_numpy(), table["ends_days_ago"].to_numpy()
    kept = items >= 0
    return Offers(items[kept], starts[kept], ends[kept])
