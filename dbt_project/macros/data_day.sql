{# The day that is built, as a date literal. Read when a query is made, not when the project is parsed, so that
   the stored parse serves every day. #}
{% macro data_day() -%}
    {%- if execute -%}
        date '{{ env_var("LAKE_DATA_DAY") }}'
    {%- else -%}
        date '1970-01-01'
    {%- endif -%}
{%- endmacro %}
