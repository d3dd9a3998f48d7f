{# Incremental strategy of int_events_cleaned: the days that are cleaned anew lose their rows, later days lose the
   events that are now known to have arrived earlier; then all rows of the query are added. #}
{% macro get_incremental_take_over_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
    {%- set days = days_to_clean(ref("int_days_landed"), arg_dict["target_relation"]) -%}
    delete from {{ arg_dict["target_relation"] }} where data_day in ({{ days }});
    delete from {{ arg_dict["target_relation"] }}
    where
        data_day > least({{ days }})
        and event_id in (select taken.event_id from {{ arg_dict["temp_relation"] }} as taken);
    insert into {{ arg_dict["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict["temp_relation"] }}
{%- endmacro %}
