{{ config(incremental_strategy='take_over') }}
{% set days = days_to_clean(ref('int_days_landed'), this) if is_incremental() -%}

with arrivals as (
    select *
    from {{ ref('stg_shop__events') }}
    where data_day {{ 'in (' ~ days ~ ')' if is_incremental() else '<= ' ~ data_day() }}
),

{% if is_incremental() -%}
    known as (
        select
            event_id,
            min(data_day) as data_day
        from {{ this }}
        where
            data_day < {{ data_day() }}
            and data_day not in ({{ days }})
            and event_id in (select arrivals.event_id from arrivals)
        group by event_id
    ),

    lost as (
        select event_id
        from {{ this }}
        where
            data_day in ({{ days }})
            and event_id not in (select arrivals.event_id from arrivals)
    ),

    days_as_landed as (
        select distinct cleaned.data_day
        from {{ this }} as cleaned
        inner join {{ ref('int_days_landed') }} as landed
            on
                cleaned.data_day = landed.data_day
                and cleaned.landing_id = landed.landing_id
        where cleaned.data_day not in ({{ days }})
    ),

    -- An event that its day has lost stands on the next of the cleaned days that it arrived on.
    first_arrivals as (
        select arrivals.*
        from arrivals
        left join known on arrivals.event_id = known.event_id
        where known.event_id is null or arrivals.data_day < known.data_day
        union all
        select events.*
        from {{ ref('stg_shop__events') }} as events
        where
            events.event_id in (select lost.event_id from lost)
            and events.data_day in (select days_as_landed.data_day from days_as_landed)
    ),
{%- else -%}
    first_arrivals as (
        select * from arrivals
    ),
{%- endif %}

-- An event that arrives again is the same event: the first arrival stands.
deduplicated as (
    select
        min(data_day) as data_day,
        event_id,
        arg_min_null(user_id, data_day) as user_id,
        arg_min_null(item_id, data_day) as item_id,
        arg_min_null(event_type, data_day) as event_type,
        arg_min_null(occurred_at, data_day) as occurred_at,
        arg_min_null(occurred_on, data_day) as occurred_on,
        arg_min_null(quantity, data_day) as quantity,
        arg_min_null(value, data_day) as value,
        arg_min_null(basket_id, data_day) as basket_id
    from first_arrivals
    group by event_id
)

select
    deduplicated.data_day,
    deduplicated.event_id,
    deduplicated.user_id,
    deduplicated.item_id,
    deduplicated.event_type,
    deduplicated.occurred_at,
    deduplicated.occurred_on,
    deduplicated.quantity,
    deduplicated.value,
    deduplicated.basket_id,
    landed.landing_id
from deduplicated
left join {{ ref('int_days_landed') }} as landed on deduplicated.data_day = landed.data_day
