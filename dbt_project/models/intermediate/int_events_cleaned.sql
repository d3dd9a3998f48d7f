-- The day's arrivals, and those of earlier days that no run has cleaned yet.
with arrivals as (
    select *
    from {{ ref('stg_shop__events') }}
    where
        data_day <= {{ data_day() }}
        {%- if is_incremental() %}
            and (
                data_day = {{ data_day() }}
                or data_day not in (select distinct cleaned.data_day from {{ this }} as cleaned)
            )
        {%- endif %}
),

-- An event that arrives again is the same event: the first arrival stands.
deduplicated as (
    select
        min(data_day) as data_day,
        event_id,
        arg_min(user_id, data_day) as user_id,
        arg_min(item_id, data_day) as item_id,
        arg_min(event_type, data_day) as event_type,
        arg_min(occurred_at, data_day) as occurred_at,
        arg_min(occurred_on, data_day) as occurred_on,
        arg_min(quantity, data_day) as quantity,
        arg_min(value, data_day) as value,
        arg_min(basket_id, data_day) as basket_id
    from arrivals
    group by event_id
)

select
    data_day,
    event_id,
    user_id,
    item_id,
    event_type,
    occurred_at,
    occurred_on,
    quantity,
    value,
    basket_id
from deduplicated
{%- if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as cleaned
        where
            cleaned.event_id = deduplicated.event_id
            and cleaned.data_day < deduplicated.data_day
    )
{%- endif %}
