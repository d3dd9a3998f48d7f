"""What copywriting reads from the lake and writes to it: who gets a message, the facts, the stored drafts."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date

import pyarrow as pa

from overture.adapters.copy_engine.exchange import RawDraft
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.recalls import RECALLS_IN_FORCE
from overture.core.claims import Recipient
from overture.errors import WarehouseError

DRAFTS = "copy.drafts"

RECIPIENTS = f"""
with {RECALLS_IN_FORCE},

barred as (
    select subject as item_id
    from recalls
    where kind = 'item'
    union all
    select regexp_replace(subject, '^marts[.]item_facts[.](title|category):item_id=', '') as item_id
    from recalls
    where
        kind = 'fact'
        and regexp_matches(subject, '^marts[.]item_facts[.](title|category):item_id=')
        and coalesce(data_day, cast($day as date)) = $day
),

best as (
    select listed.user_id, listed.item_id, listed.reason_item_id, listed.strategy, listed.rank
    from candidate.recommendations as listed
    left join barred on listed.item_id = barred.item_id
    where listed.data_day = $day and listed.task = 'discover'
    qualify barred.item_id is null
        and listed.rank - count(barred.item_id) over (partition by listed.user_id order by listed.rank) <= $choices
),

facts as (
    select
        item_id,
        title,
        department,
        category,
        brand,
        size,
        price,
        currency,
        struct_pack(title, department, category, brand, buyers_28d, category_rank, first_valid_on) as cells
    from candidate.item_facts
    where data_day = $day and trim(title) <> ''
),

readers as (
    select
        user_id,
        favourite_department,
        last_active_on,
        locale,
        list_filter([age_band, income_band, household_size], lambda known: known is not null) as own_fields
    from candidate.audience
    where
        data_day = $day
        and is_eligible
        and user_id in (select best.user_id from best inner join facts on best.item_id = facts.item_id)
        and user_id not in (
            select recalls.subject from recalls where recalls.kind = 'message' and recalls.data_day = $day
        )
    order by last_active_on desc, user_id
    limit $most
),

-- Of several offers on an item the one that ends last, for each reader that it is meant for.
offered as (
    select
        best.user_id,
        best.item_id,
        arg_max(offers.offer_id, (offers.ends_on, offers.offer_id)) as offer_id,
        max(offers.ends_on) as ends_on
    from best
    inner join candidate.item_offers as offers on best.item_id = offers.item_id and offers.data_day = $day
    left join intermediate.int_offers_delivered as delivered
        on delivered.data_day = $day
            and offers.offer_id = delivered.offer_id
            and best.user_id = delivered.user_id
    where $day between offers.starts_on and offers.ends_on
        and (offers.audience = 'everyone' or delivered.user_id is not null)
    group by best.user_id, best.item_id
),

signatures as (
    select user_id, signature, signature_id
    from candidate.user_signatures
    where data_day = $day
)

select
    readers.user_id,
    facts.item_id,
    facts.title,
    facts.department,
    facts.category,
    facts.brand,
    facts.size,
    facts.price,
    facts.currency,
    best.reason_item_id,
    reasons.title as reason_title,
    coalesce(readers.favourite_department = facts.department, false) as is_favourite_department,
    best.strategy,
    signatures.signature,
    signatures.signature_id,
    best.rank,
    facts.cells,
    readers.own_fields,
    reasons.category as reason_category,
    offered.offer_id,
    offered.ends_on,
    readers.locale
from readers
inner join best on readers.user_id = best.user_id
inner join facts on best.item_id = facts.item_id
left join facts as reasons on best.reason_item_id = reasons.item_id
left join signatures on readers.user_id = signatures.user_id
left join offered on readers.user_id = offered.user_id and best.item_id = offered.item_id
order by readers.last_active_on desc, readers.user_id, best.rank
"""


def read_recipients(warehouse: Warehouse, day: date, most: int, choices: int) -> list[Recipient]:
    """Return the facts of the first `choices` items that are new to each of up to `most` eligible users, by rank.

    The most recently active users come first; items without a title are left out, and so is what was recalled.
    """
    return [Recipient(*row) for row in warehouse.rows(RECIPIENTS, {"day": day, "most": most, "choices": choices})]


def read_names(warehouse: Warehouse, day: date) -> tuple[list[str], list[str]]:
    """Return the titles and the brands of the day's items, each once, in order."""
    rows = warehouse.rows("select distinct title, brand from candidate.item_facts where data_day = $day", {"day": day})
    return sorted({title for title, _ in rows if title}), sorted({brand for _, brand in rows if brand})


def stored_drafts(warehouse: Warehouse, draft_ids: Sequence[str]) -> dict[str, RawDraft]:
    """Return those of the drafts that the lake holds, by id; raise WarehouseError where they lack what drafts have."""
    names, present = [field.name for field in fields(RawDraft)], warehouse.columns(DRAFTS)
    if not present:
        return {}
    if missing := [name for name in names if name not in present]:
        expected = "the columns of this version, or no such table: drafts can be made again"
        raise WarehouseError(
            "a draft store of another version", where=DRAFTS, expected=expected, got=f"none named {', '.join(missing)}"
        )
    rows = warehouse.rows(
        f"select {', '.join(names)} from {DRAFTS} where list_contains($ids, draft_id)",
        {"ids": list(draft_ids)},
    )
    drafts = [RawDraft(**dict(zip(names, row, strict=True))) for row in rows]
    return {draft.draft_id: draft for draft in drafts}


def store_drafts(warehouse: Warehouse, drafts: Sequence[RawDraft], day: date) -> int:
    """Store the drafts that the lake does not hold yet; return how many. A stored draft never changes."""
    if not drafts:
        return 0
    rows = pa.Table.from_pylist([asdict(draft) | {"made_for_day": day} for draft in drafts])

    def work(lake: Warehouse) -> int:
        lake.ensure_table(DRAFTS)
        with lake.registered(rows) as view:
            found = lake.execute(
                f"insert into {DRAFTS} by name select new.* from {view} as new"
                f" anti join {DRAFTS} as known on new.draft_id = known.draft_id"
            )
            return int(found.fetchall()[0][0])

    return warehouse.write(f"store drafts {day}", work)
