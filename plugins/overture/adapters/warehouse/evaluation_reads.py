"""What a backtest reads: what users had bought up to a day, what they were recommended, and what they bought after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.training_reads import encoded, texts
from overture.core import columns
from overture.core.behaviour import Ids, positions_of
from overture.core.history import History
from overture.core.ranking import Positions
from overture.core.strategies import TASKS

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
    task,
    rank,
    model_version
from candidate.recommendations
where data_day = $day
order by user_id, task, rank
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
    """The lists of a day's run. items: task -> (users, length) positions of the history, -1 past a list's end.

    model_version: of the factors that most places came from; "" where there is no list.
    """

    items: Mapping[str, Positions]
    model_version: str


def read_recommended(warehouse: Warehouse, day: date, history: History, least_length: int) -> PublishedLists:
    """Return what the newest run of the day that ranked items recommends, one row for each user of the history.

    least_length: the lists have so many places at least, free ones where fewer are filled.
    """
    table = warehouse.arrow(RECOMMENDED, {"day": day})
    users = positions_of(history.user_ids, texts(table[columns.USER_ID]))
    items = positions_of(history.item_ids, texts(table[columns.ITEM_ID]))
    ranks, tasks = table[columns.RANK].to_numpy(), texts(table[columns.TASK])
    lists = {}
    for task in TASKS:
        lists[task] = np.full((len(history.user_ids), int(ranks.max(initial=least_length))), -1, np.int64)
        of_task = tasks == task
        lists[task][users[of_task], ranks[of_task] - 1] = items[of_task]
    names, counts = np.unique(texts(table[columns.MODEL_VERSION]), return_counts=True)
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
