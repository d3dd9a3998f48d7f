"""What recommending reads of a day: who had bought what by its end, with everyone to recommend to and every item."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.training_reads import encoded, read_facts, read_readers, texts
from overture.core import columns
from overture.core.backtest import Stage
from overture.core.behaviour import Ids, ItemFacts, Readers, positions_of
from overture.core.history import History, Items, Pairs, Users
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

GROUP_BUYERS = """
with members as (
    select
        user_id,
        concat(age_band, ', ', income_band) as shopper_group,
        count(*) over (partition by age_band, income_band) as group_users
    from candidate.audience
    where data_day = $day and age_band is not null and income_band is not null
),

groups as (
    select
        user_id,
        shopper_group
    from members
    where group_users >= $least_group_users
)

select distinct
    groups.shopper_group,
    groups.user_id,
    events.item_id
from groups
left join intermediate.int_events_cleaned as events
    on
        groups.user_id = events.user_id
        and events.data_day <= $day
        and events.occurred_at >= $day + 1 - interval 28 day
        and events.occurred_at < $day + 1
        and list_contains($buying_event_types, events.event_type)
"""


def read_stage(
    warehouse: Warehouse, day: date, ranking: Mapping[str, Any], buying_event_types: Sequence[str]
) -> tuple[Stage, ItemFacts, Readers]:
    """Return what was known at the end of `day`, with the facts and readers that it is about.

    ranking: what `config/ranking.toml` states. Asked are the readers, in order of user_id.
    """
    facts = read_facts(warehouse, day, ranking)
    readers = read_readers(warehouse, day)
    history = read_history(warehouse, day, facts, readers, buying_event_types)
    items = Items.of(facts, history.item_ids)
    users = Users.of(readers, history.user_ids, items.department_names)
    return Stage(history, items, users, positions_of(history.user_ids, readers.user_ids)), facts, readers


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


def read_group_buyers(
    warehouse: Warehouse,
    day: date,
    ids: tuple[Ids, Ids],
    buying_event_types: Sequence[str],
    least_group_users: int,
) -> tuple[csr_matrix, Positions]:
    """Return how many users of each demographic group bought each item in 28 days, and each reader's group.

    ids: the readers' and the items'. A group is an age band with an income band, both known, of `least_group_users` or
    more users. Returns (groups, items) float64 CSR and (readers,) positions of groups, -1 for none.
    """
    parameters = {
        "day": day, "buying_event_types": list(buying_event_types), "least_group_users": least_group_users
    }  # fmt: skip
    table = warehouse.arrow(GROUP_BUYERS, parameters)
    names, groups = encoded(table["shopper_group"])
    items = positions_of(ids[1], texts(table[columns.ITEM_ID].fill_null("")))
    kept = items >= 0
    ones = np.ones(int(kept.sum()))
    buyers = csr_matrix((ones, (groups[kept], items[kept])), shape=(len(names), len(ids[1])))
    buyers.sum_duplicates()
    users, first = np.unique(texts(table[columns.USER_ID]), return_index=True)
    at = positions_of(users, ids[0])
    group_of = np.where(at >= 0, groups[first][at], -1) if len(users) else at
    return buyers, group_of.astype(np.int64)
