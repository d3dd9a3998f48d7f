-- Fails where an event of the day would count twice. Builds move events between days so that none does.
select day_events.event_id
from {{ ref('int_events_cleaned') }} as day_events
inner join {{ ref('int_events_cleaned') }} as other_events on day_events.event_id = other_events.event_id
where
    day_events.data_day = {{ data_day() }}
    and other_events.data_day <> {{ data_day() }}
