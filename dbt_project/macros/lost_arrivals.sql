{# Events that stand on one of the days in `cleaned`, but no longer arrive on any of them: all their arrivals on other
   days that are cleaned from their newest landing. A day landed anew since takes in its events with its own build. #}
{% macro lost_arrivals(events, landed, cleaned, days) -%}
    select events.*
    from {{ events }} as events
    where
        events.event_id in (
            select lost.event_id
            from {{ cleaned }} as lost
            where
                lost.data_day in ({{ days }})
                and lost.event_id not in (select arrivals.event_id from arrivals)
        )
        and events.data_day in (
            select standing.data_day
            from {{ cleaned }} as standing
            inner join {{ landed }} as landed
                on
                    standing.data_day = landed.data_day
                    and standing.landing_id = landed.landing_id
            where standing.data_day not in ({{ days }})
        )
{%- endmacro %}
