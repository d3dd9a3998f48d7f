with events as (
    select
        user_id,
        item_id,
        occurred_at,
        quantity,
        value,
        event_type in {{ buying_event_types() }} as is_bought,
        {{ event_weight('event_type') }} as type_weight,
        {{ data_day() }} - occurred_on as age_days
    from {{ ref('int_events_cleaned') }}
    where
        data_day <= {{ data_day() }}
        and occurred_at < {{ data_day() }} + 1
        and event_type in {{ weighted_event_types() }}
),

-- Decimals, because a sum of doubles depends on the order of the rows and a past day must come out the same again.
-- A quantity of 10^14 and more, which cannot be added up so, counts as unknown.
decayed as (
    select
        user_id,
        item_id,
        occurred_at,
        value,
        is_bought,
        try_cast(quantity as decimal(18, 4)) as quantity,
        age_days < {{ var('holdout_days') }} as is_held_out,
        cast(type_weight * power(0.5, age_days / {{ var('half_life_days') }}) as decimal(18, 10)) as weight,
        cast(
            type_weight * power(0.5, greatest(age_days - {{ var('holdout_days') }}, 0) / {{ var('half_life_days') }})
            as decimal(18, 10)
        ) as weight_before_holdout
    from events
)

select
    {{ data_day() }} as data_day,
    user_id,
    item_id,
    count(*) as event_count,
    cast(sum(quantity) as double) as quantity,
    cast(sum(value) as decimal(12, 2)) as value,
    min(occurred_at) as first_occurred_at,
    max(occurred_at) as last_occurred_at,
    max(occurred_at) filter (is_bought) as last_bought_at,
    cast(sum(weight) as double) as weight,
    cast(coalesce(sum(weight_before_holdout) filter (not is_held_out), 0) as double) as weight_before_holdout,
    cast(count(*) filter (is_held_out) as integer) as held_out_count
from decayed
group by user_id, item_id
