"""What the shop's rules say of a day: who gets nothing, what is not shown, which pairs are kept out or preferred."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.item_names import KEY, nameless
from overture.adapters.warehouse.training_reads import encoded, texts
from overture.core import columns
from overture.core.behaviour import Ids, positions_of
from overture.core.diversity import Tags
from overture.core.offers import Audiences
from overture.core.ranking import Positions

SHOWN_TOO_OFTEN = "shown_too_often"
EXCLUDED_BY_USER = "excluded_by_user"

KEPT_OUT = """
with told as (
    select
        user_id,
        item_id,
        kind,
        occurred_at,
        source_row
    from staging.stg_shop__feedback
    where data_day <= $day and occurred_at < $day + 1 and item_id is not null
),

wishes as (
    select
        user_id,
        item_id,
        arg_max(kind, (occurred_at, source_row)) as last_wish
    from told
    where kind in ('excluded', 'included', 'reported')
    group by user_id, item_id
),

shown as (
    select
        user_id,
        item_id
    from told
    where kind = 'delivered' and occurred_at >= $day + 1 - to_days($shown_days)
    group by user_id, item_id
    having count(*) >= $most_shown
)

select
    user_id,
    item_id,
    'excluded_by_user' as reason
from wishes
where last_wish <> 'included'
union all
select
    user_id,
    item_id,
    'shown_too_often'
from shown
"""

OFFERED = """
select
    offer_id,
    item_id,
    audience = 'everyone' as is_for_everyone
from candidate.item_offers
where data_day = $day
"""

SHOWN = """
select
    offer_id,
    user_id
from intermediate.int_offers_delivered
where data_day = $day
"""

TAGS = """
select
    item_id,
    coalesce(category, '') as category,
    coalesce(department, '') as department,
    coalesce(brand, '') as brand
from candidate.item_facts
where data_day = $day
"""

ITEM_TEXTS = """
select
    item_id,
    concat_ws(', ', nullif(title, ''), nullif(department, ''), nullif(category, ''), nullif(brand, '')) as item_text
from candidate.item_facts
where data_day = $day
"""

DROPPED_ITEMS = f"""
select
    item_id,
    case
        when not is_available then 'unavailable'
        when
            list_contains($departments, coalesce(department, '')) or list_contains($categories, coalesce(category, ''))
            then 'suppressed'
        when {KEY} in (select unnest($nameless)) then 'nameless'
        else 'unpresentable'
    end as reason
from candidate.item_facts
where data_day = $day
"""

DROPPED_USERS = """
select
    if(has_consent, 'inactive', 'no_consent') as reason,
    count(*)
from candidate.audience
where data_day = $day and not is_eligible
group by reason
order by reason
"""


def read_kept_out(
    warehouse: Warehouse, day: date, ids: tuple[Ids, Ids], rules: Mapping[str, Any]
) -> dict[str, csr_matrix]:
    """Return, for each reason, the pairs that must not be listed, as ones in (readers, items).

    ids: the readers' and the items'. rules: `shown_days` and `most_shown`. A user's exclusion, or report, holds until
    the same user includes the item again.
    """
    parameters = {"day": day, "shown_days": rules["shown_days"], "most_shown": rules["most_shown"]}
    table = warehouse.arrow(KEPT_OUT, parameters)
    users = positions_of(ids[0], texts(table[columns.USER_ID]))
    items = positions_of(ids[1], texts(table[columns.ITEM_ID]))
    reasons, shape = texts(table[columns.REASON]), (len(ids[0]), len(ids[1]))
    found = {}
    for reason in (EXCLUDED_BY_USER, SHOWN_TOO_OFTEN):
        kept = (users >= 0) & (items >= 0) & (reasons == reason)
        found[reason] = csr_matrix((np.ones(int(kept.sum())), (users[kept], items[kept])), shape=shape)
    return found


def read_audiences(warehouse: Warehouse, day: date, ids: tuple[Ids, Ids]) -> Audiences:
    """Return which items are on offer for which readers on the day.

    ids: the readers' and the items'. A targeted offer is for those it was delivered to.
    """
    offered, shown = (warehouse.arrow(query, {"day": day}) for query in (OFFERED, SHOWN))
    items = _places(ids[1], offered[columns.ITEM_ID])
    is_for_everyone = offered["is_for_everyone"].to_numpy()
    offers, offer_codes = encoded(offered[columns.OFFER_ID])
    readers, to = _places(ids[0], shown[columns.USER_ID]), _places(offers, shown[columns.OFFER_ID])
    targeted, known = (items >= 0) & ~is_for_everyone, (readers >= 0) & (to >= 0)
    for_everyone = np.zeros(len(ids[1]), np.bool_)
    for_everyone[items[(items >= 0) & is_for_everyone]] = True
    return Audiences(
        _ones(readers[known], to[known], (len(ids[0]), len(offers))),
        _ones(offer_codes[targeted], items[targeted], (len(offers), len(ids[1]))),
        for_everyone,
    )


def _places(ids: Ids, column: pa.ChunkedArray) -> Positions:
    """Return where each text of the column stands in the sorted `ids`; -1 for one that is not there."""
    names, codes = encoded(column)
    return positions_of(ids, names)[codes] if len(names) else np.zeros(0, np.int64)


def _ones(rows: Positions, places: Positions, shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(rows)), (rows, places)), shape=shape)


def read_tag_codes(warehouse: Warehouse, day: date, item_ids: Ids) -> Tags:
    """Return (items, 3) codes of category, department and brand; equal where the tag is, a missing tag equals none."""
    table = warehouse.arrow(TAGS, {"day": day})
    at = positions_of(item_ids, texts(table[columns.ITEM_ID]))
    # A code of its own for each item and tag that is missing.
    found = -1 - np.arange(3 * len(item_ids), dtype=np.int64).reshape(len(item_ids), 3)
    for place, name in enumerate((columns.CATEGORY, columns.DEPARTMENT, "brand")):
        names, codes = encoded(table[name])
        is_known = names[codes] != "" if len(names) else np.zeros(0, np.bool_)
        found[at[is_known], place] = codes[is_known]
    return found


def read_item_texts(warehouse: Warehouse, day: date, item_ids: Ids) -> Ids:
    """Return each item's title, department, category and brand as one text, "" for an item without facts."""
    table = warehouse.arrow(ITEM_TEXTS, {"day": day})
    at, found = positions_of(item_ids, texts(table[columns.ITEM_ID])), texts(table["item_text"])
    item_texts = np.full(len(item_ids), "", found.dtype if len(found) else np.dtype("U1"))
    item_texts[at] = found
    return item_texts


def read_dropped_items(warehouse: Warehouse, day: date, item_ids: Ids, ranking: Mapping[str, Any]) -> Ids:
    """Return for each item why it would not be shown: unavailable, suppressed, nameless, else unpresentable.

    ranking: what `config/ranking.toml` states. Of an item that may be recommended the answer means nothing; one without
    facts is unavailable.
    """
    asked = {
        "day": day, "departments": ranking["excluded_departments"], "categories": ranking["excluded_categories"],
        "nameless": nameless(warehouse, day),
    }  # fmt: skip
    table = warehouse.arrow(DROPPED_ITEMS, asked)
    reasons = np.full(len(item_ids), "unavailable", np.dtype("U13"))
    reasons[positions_of(item_ids, texts(table[columns.ITEM_ID]))] = texts(table[columns.REASON])
    return reasons


def read_dropped_users(warehouse: Warehouse, day: date) -> dict[str, int]:
    """Return how many users get nothing on the day, by reason: no_consent or inactive."""
    return dict(warehouse.rows(DROPPED_USERS, {"day": day}))
