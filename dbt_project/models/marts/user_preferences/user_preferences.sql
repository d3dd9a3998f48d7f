with purchases as (
    select
        user_id,
        item_id,
        sum(value) as spend
    from {{ ref('int_events_cleaned') }}
    where
        data_day <= {{ data_day() }}
        and occurred_at >= {{ data_day() }} - ({{ var('preference_days') }} - 1)
        and occurred_at < {{ data_day() }} + 1
        and event_type in {{ buying_event_types() }}
        and value > 0
    group by user_id, item_id
),

spent as (
    select
        user_id,
        sum(spend) as spend
    from purchases
    group by user_id
),

tagged as (
    select
        purchases.user_id,
        case
            when grouping(items.department) = 0 then 'department'
            when grouping(items.category) = 0 then 'category'
            else 'brand'
        end as kind,
        coalesce(items.department, items.category, items.brand) as tag,
        sum(purchases.spend) as spend
    from purchases
    inner join {{ ref('item_facts') }} as items on purchases.item_id = items.item_id
    where items.data_day = {{ data_day() }}
    group by grouping sets (
        (purchases.user_id, items.department),
        (purchases.user_id, items.category),
        (purchases.user_id, items.brand)
    )
)

select
    {{ data_day() }} as data_day,
    tagged.user_id,
    tagged.kind,
    tagged.tag,
    cast(row_number() over by_spend as integer) as rank,
    cast(tagged.spend / spent.spend as double) as share_of_spend
from tagged
inner join spent on tagged.user_id = spent.user_id
where tagged.tag is not null
window by_spend as (partition by tagged.user_id, tagged.kind order by tagged.spend desc, tagged.tag asc)
qualify row_number() over by_spend <= {{ var('preferred_tags') }}
