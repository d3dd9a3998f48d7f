-- What the weighted interactions of one day hold: one row per quantity.
with interactions as (
    select
        user_id,
        item_id,
        event_count,
        held_out_count,
        weight,
        weight_before_holdout,
        first_occurred_at,
        last_occurred_at,
        concat('user_id=', user_id, ' item_id=', item_id) as key_text
    from intermediate.int_interactions_weighted
    where data_day = $day
),

repeated as (
    select min(key_text) as key_text
    from interactions
    group by user_id, item_id
    having count(*) > 1
),

cleaned as (
    select
        count(*) as arrived_events,
        count(*) filter (occurred_at < $day + 1 and list_contains($weighted_event_types, event_type)) as weighted_events
    from intermediate.int_events_cleaned
    where data_day <= $day
)

select
    'interactions_with_weight' as quantity,
    count(*) filter (weight > 0) as measured,
    null as example
from interactions
union all
select 'repeated_pairs', count(*), min(key_text) from repeated
union all
select 'null_ids', count(*), min(key_text) from interactions where user_id is null or item_id is null
union all
select 'bad_weights', count(*), min(key_text) from interactions
where not coalesce(isfinite(weight) and weight >= 0, false)
union all
select 'bad_weights_before_holdout', count(*), min(key_text) from interactions
where not coalesce(isfinite(weight_before_holdout) and weight_before_holdout >= 0, false)
union all
select 'bad_held_out_counts', count(*), min(key_text) from interactions
where not coalesce(held_out_count between 0 and event_count, false)
union all
select 'dated_after_day', count(*), min(key_text) from interactions
where not coalesce(last_occurred_at < $day + 1, false)
union all
select 'reversed_times', count(*), min(key_text) from interactions where first_occurred_at > last_occurred_at
union all
select 'counted_events', coalesce(sum(event_count), 0), null from interactions
union all
select 'weighted_events', weighted_events, null from cleaned
union all
select 'cleaned_events', arrived_events, null from cleaned
union all
select 'landed_events', count(distinct event_id), null from raw.events where data_day <= $day
