"""What a backtest reads: what users had bought up to a day, what they were recommended, and what they bought after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.training_reads import encoded, texts
from overture.core import columns
from overture.core.behaviour import Ids, ItemFacts, Readers, positions_of
from overture.core.history import History, Pairs
from overture.core.offers import Offers
from overture.core.purchases import Purchases
from overture.core.ranking import Positions

HISTORY = """
with bought as (
    select
        user_id,
        item_id,
        count(distinct cast(occurred_at as date)) as bought_days,
        $day - cast(max(occurred_at) as date) as bought_days_ago
    from intermediate.int_events_cleaned
    where
        data_day <= $day
        and occurred_at < $day + 1
        and list_contains($buying_event_types, event_type)
    group by user_id, item_id
),

weighted as (
    select
        user_id,
        item_id,
        weight
    from intermediate.int_interactions_weighted
    where data_day = $day
)

select
    user_id,
    item_id,
    cast(coalesce(bought.bought_days, 0) as bigint) as bought_days,
    cast(coalesce(bought.bought_days_ago, -1) as bigint) as bought_days_ago,
    coalesce(weighted.weight, 0.0) as weight
from bought
full join weighted using (user_id, item_id)
"""

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

BOUGHT_AFTER = """
select distinct
    user_id,
    item_id
from intermediate.int_events_cleaned
where
    data_day <= $until
    and occurred_at >= $day + 1
    and occurred_at < $until + 1
    and list_contains($buying_event_types, event_type)
"""

RECOMMENDED = """
select
    user_id,
    item_id,
    rank,
    model_version
from candidate.recommendations
where data_day = $day
order by user_id, rank
"""

TAGS = """
unpivot (
    select
        item_id,
        department,
        category,
        brand
    from candidate.item_facts
    where data_day = $day
)
on department, category, brand
into name kind value tag
"""

GROUPS = """
select
    user_id,
    coalesce(age_band, 'unknown') as age_band,
    coalesce(income_band, 'unknown') as income_band,
    coalesce(household_size, 'unknown') as household_size,
    if(spend_28d > median(spend_28d) over (), 'heavy', 'light') as shopper
from candidate.audience
where data_day = $day and is_eligible
order by user_id
"""


def read_history(
    warehouse: Warehouse, day: date, facts: ItemFacts, readers: Readers, buying_event_types: Sequence[str]
) -> History:
    """Return who had bought what by the end of `day`, with everyone who may be recommended to and every item known.

    A count is of days on which the item was bought. Nothing that occurred or arrived after the day is read.
    """
    table = warehouse.arrow(HISTORY, {"day": day, "buying_event_types": list(buying_event_types)})
    (users, user_codes), (items, item_codes) = encoded(table[columns.USER_ID]), encoded(table[columns.ITEM_ID])
    user_ids, item_ids = np.union1d(users, readers.user_ids), np.union1d(items, facts.item_ids)
    pairs = Pairs(
        positions_of(user_ids, users)[user_codes],
        positions_of(item_ids, items)[item_codes],
        table["bought_days"].to_numpy(),
        table[columns.WEIGHT].to_numpy(),
        table[columns.BOUGHT_DAYS_AGO].to_numpy(),
    )
    return History.of(user_ids, item_ids, pairs)


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


def read_bought_after(
    warehouse: Warehouse, history: History, days: tuple[date, date], buying_event_types: Sequence[str]
) -> csr_matrix:
    """Return what was bought after the first day up to the end of the second, as ones in the shape of the history.

    Nothing that arrived after the second day is read. Items and users that the history does not know are left out:
    nobody could have recommended them.
    """
    asked = {"day": days[0], "until": days[1], "buying_event_types": list(buying_event_types)}
    table = warehouse.arrow(BOUGHT_AFTER, asked)
    users = positions_of(history.user_ids, texts(table[columns.USER_ID]))
    items = positions_of(history.item_ids, texts(table[columns.ITEM_ID]))
    kept = (users >= 0) & (items >= 0)
    ones = np.ones(int(kept.sum()))
    return csr_matrix((ones, (users[kept], items[kept])), shape=history.counts.shape)


@dataclass(frozen=True)
class PublishedLists:
    """The lists of a day's run. items: (users, longest list) positions of the history, -1 past a list's end.

    model_version: of the factors that most places came from; "" where there is no list.
    """

    items: Positions
    model_version: str


def read_recommended(warehouse: Warehouse, day: date, history: History) -> PublishedLists:
    """Return what the newest run of the day that ranked items recommends, one row for each user of the history."""
    table = warehouse.arrow(RECOMMENDED, {"day": day})
    users = positions_of(history.user_ids, texts(table[columns.USER_ID]))
    items = positions_of(history.item_ids, texts(table[columns.ITEM_ID]))
    ranks = table[columns.RANK].to_numpy()
    lists = np.full((len(history.user_ids), int(ranks.max(initial=0))), -1, np.int64)
    lists[users, ranks - 1] = items
    versions = texts(table[columns.MODEL_VERSION])
    names, counts = np.unique(versions, return_counts=True)
    return PublishedLists(lists, str(names[counts.argmax()]) if len(names) else "")


def read_groups(warehouse: Warehouse, day: date, user_ids: Ids) -> dict[str, npt.NDArray[np.str_]]:
    """Return for each kind of group which one each of these users is in; "unknown" where nothing is known."""
    table = warehouse.arrow(GROUPS, {"day": day})
    at = positions_of(texts(table[columns.USER_ID]), user_ids)
    kinds = [name for name in table.column_names if name != columns.USER_ID]
    return {kind: np.where(at >= 0, texts(table[kind])[at], "unknown") for kind in kinds}


def read_tags(warehouse: Warehouse, day: date, item_ids: Ids) -> tuple[csr_matrix, npt.NDArray[np.str_]]:
    """Return the items' tags (department, category, brand) as ones in (items, tags), and each item's category.

    The category is "" where it is not known.
    """
    table = warehouse.arrow(TAGS, {"day": day})
    at = positions_of(item_ids, texts(table[columns.ITEM_ID]))
    tags, codes = encoded(table["tag"])
    tagged = csr_matrix((np.ones(len(at)), (at, codes)), shape=(len(item_ids), len(tags)))
    is_category = np.flatnonzero(table["kind"].to_numpy(zero_copy_only=False) == columns.CATEGORY)
    categories = np.full(len(item_ids), "", tags.dtype)
    categories[at[is_category]] = tags[codes[is_category]]
    return tagged, categories


def last_landed_day(warehouse: Warehouse) -> date:
    """Return the newest day whose events are cleaned; the first day of all where none is."""
    if not warehouse.columns("intermediate.int_events_cleaned"):
        return date.min
    found = warehouse.rows("select max(data_day) from intermediate.int_events_cleaned")[0][0]
    return found or date.min


def days_without_lists(warehouse: Warehouse, days: Sequence[date]) -> list[date]:
    """Return those of the days that no run has ranked items for."""
    if not warehouse.columns("candidate.recommendations"):
        return list(days)
    ranked = warehouse.rows(
        "select distinct data_day from candidate.recommendations where list_contains(?, data_day)", [list(days)]
    )
    return [day for day in days if (day,) not in ranked]
