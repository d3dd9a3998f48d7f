select
    {{ data_day() }} as data_day,
    user_id,
    max(occurred_on) as last_active_on,
    cast(
        coalesce(
            sum(value) filter (
                event_type in {{ buying_event_types() }}
                and occurred_on > {{ data_day() }} - 28
            ),
            0
        ) as decimal(12, 2)
    ) as spend_28d
from {{ ref('int_events_cleaned') }}
where
    data_day <= {{ data_day() }}
    and occurred_at < {{ data_day() }} + 1
    and event_type in {{ weighted_event_types() }}
group by user_id
