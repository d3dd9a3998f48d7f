{{ config(materialized='view') }}
-- A view, because an event can move to another day when an earlier one is landed anew, and few ask for baskets.
with lines as (
    select
        data_day,
        basket_id,
        user_id,
        item_id,
        occurred_at,
        quantity,
        value
    from {{ ref('int_events_cleaned') }}
    where
        basket_id is not null
        and event_type in {{ buying_event_types() }}
)

select
    data_day,
    basket_id,
    min(user_id) as user_id,
    min(occurred_at) as started_at,
    cast(count(*) as integer) as line_count,
    cast(count(distinct item_id) as integer) as item_count,
    cast(sum(try_cast(quantity as decimal(18, 4))) as double) as quantity,
    cast(sum(value) as decimal(12, 2)) as value
from lines
group by data_day, basket_id
