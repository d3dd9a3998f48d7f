"""Finds messages of a day by their reader or item, those that were withdrawn among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.recalls import WITHDRAWN

NONE_WITHDRAWN: Final = "(select null::date as data_day, '' as user_id, '' as item_id, '' as text where false)"

FIND: Final = """
with withdrawn as (
    select user_id, item_id, text, null as rung, true as is_recalled
    from {withdrawn} as gone
    where data_day = $day and user_id not in (select user_id from marts.messages where data_day = $day)
    qualify row_number() over (partition by user_id order by {newest}) = 1
),
written as (
    select user_id, item_id, text, rung, false as is_recalled from marts.messages where data_day = $day
    union all by name
    select user_id, item_id, text, rung, is_recalled from withdrawn
)

select written.user_id, written.item_id, facts.title, written.text, written.rung, written.is_recalled
from written
left join marts.item_facts as facts on written.item_id = facts.item_id and facts.data_day = $day
where
    starts_with(written.user_id, $user)
    and (starts_with(written.item_id, $item) or contains(lower(facts.title), lower($item)))
    and written.user_id > $after
order by written.user_id
limit $most
"""


@dataclass(frozen=True)
class Search:
    """What is sought among the messages of a day.

    user: how the reader's id begins. item: how the item's id begins, or a part of its name in any case. after: the
    last reader of the page before; "" for the first page.
    """

    day: date
    user: str = ""
    item: str = ""
    after: str = ""


@dataclass(frozen=True)
class Found:
    """A message of a reader; is_recalled: it is withdrawn, and none stands in its place."""

    user_id: str
    item_id: str
    title: str | None
    text: str
    rung: str | None
    is_recalled: bool


def find_messages(warehouse: Warehouse, search: Search, most: int) -> Sequence[Found]:
    """Return the messages that are sought, one a reader, in the order of readers' ids, not more than `most`."""
    if not warehouse.columns("marts.messages"):
        return ()
    has_withdrawn = bool(warehouse.columns(WITHDRAWN))
    sql = FIND.format(
        withdrawn=WITHDRAWN if has_withdrawn else NONE_WITHDRAWN,
        newest="recalled_at desc" if has_withdrawn else "user_id",
    )
    return [Found(*row) for row in warehouse.rows(sql, vars(search) | {"most": most})]
