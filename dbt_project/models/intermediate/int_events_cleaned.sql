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

    first_arrivals as (
        select arrivals.*
        from arrivals
        left join known on arrivals.event_id = known.event_id
        where known.event_id is null or arrivals.data_day < known.data_day
        union all
        {{ lost_arrivals(ref('stg_shop__events'), ref('int_days_landed'), this, days) }}
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
    deduplicated.*,
    landed.landing_id
from deduplicated
left join {{ ref('int_days_landed') }} as landed on deduplicated.data_day = landed.data_day
