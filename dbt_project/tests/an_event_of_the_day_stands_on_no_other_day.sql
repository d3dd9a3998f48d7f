-- Fails where a day that was landed anew took in an event which a later day had cleaned as its own: it would count
-- twice. Building the later day again, and then this one, puts it right.
select day_events.event_id
from {{ ref('int_events_cleaned') }} as day_events
inner join {{ ref('int_events_cleaned') }} as other_events on day_events.event_id = other_events.event_id
where
    day_events.data_day = {{ data_day() }}
    and other_events.data_day <> {{ data_day() }}
