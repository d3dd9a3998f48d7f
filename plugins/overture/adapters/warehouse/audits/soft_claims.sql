-- What a day's messages claim in words alone: each wording of a claim once for the cells of an item that it names, with
-- those cells and one of the rows.
select
    claims.slot,
    claims.rendered,
    claims.source_column,
    struct_pack(
        title := facts.title,
        department := facts.department,
        category := facts.category,
        brand := facts.brand,
        buyers_28d := facts.buyers_28d,
        category_rank := facts.category_rank,
        first_valid_on := facts.first_valid_on
    ) as cells,
    count(*) as claims,
    min(concat('user_id=', claims.user_id, ' slot=', claims.slot)) as example,
    messages.locale
from candidate.message_claims as claims
left join candidate.item_facts as facts
    on claims.source_key = concat('item_id=', facts.item_id) and facts.data_day = $day
left join candidate.messages as messages
    on claims.data_day = messages.data_day and claims.user_id = messages.user_id and claims.item_id = messages.item_id
where claims.data_day = $day and starts_with(claims.slot, 'claim:')
group by all
order by all
