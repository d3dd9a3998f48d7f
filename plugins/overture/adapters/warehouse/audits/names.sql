-- What a day's messages call the items that they are about and their reasons: each name once for the cells of the item that
-- it rests on, with the columns that the ledger names for it, and the key of one of the claims. A name whose rows tell of
-- several items, or read differently, falls apart here, and each part lacks a column.
with named as (
    select
        user_id,
        item_id,
        split_part(slot, ':', 1) as slot,
        rendered,
        source_key,
        list_sort(list(source_column)) as columns
    from candidate.message_claims
    where data_day = $day and split_part(slot, ':', 1) in ('title', 'reason_item')
    group by user_id, item_id, split_part(slot, ':', 1), rendered, source_key
)

select
    named.rendered,
    named.columns,
    facts.title,
    facts.category,
    count(*) as claims,
    min(concat('user_id=', named.user_id, ' slot=', named.slot)) as example
from named
left join candidate.item_facts as facts
    on named.source_key = concat('item_id=', facts.item_id) and facts.data_day = $day
group by named.rendered, named.columns, facts.title, facts.category
order by all
