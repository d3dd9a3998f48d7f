-- Lines of baskets that arrived on the day, and on earlier days that no run has summarised yet.
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
        data_day <= {{ data_day() }}
        and basket_id is not null
        and event_type in {{ buying_event_types() }}
        {%- if is_incremental() %}
            and (
                data_day = {{ data_day() }}
                or data_day not in (select distinct summarised.data_day from {{ this }} as summarised)
            )
        {%- endif %}
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
