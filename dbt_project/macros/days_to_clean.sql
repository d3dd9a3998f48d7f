{# The days whose arrivals a build takes in, as date literals from the first to the last: the data day, and each one
   before it that was never cleaned or was landed anew since (its build was killed, or is still to come). As literals,
   because the lake then opens the files of these days only. #}
{% macro days_to_clean(landed, cleaned) -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select landed.data_day from " ~ landed ~ " as landed left join"
            ~ " (select data_day, max(landing_id) as landing_id from " ~ cleaned ~ " group by data_day) as cleaned"
            ~ " on landed.data_day = cleaned.data_day and landed.landing_id = cleaned.landing_id"
            ~ " where landed.data_day <= " ~ data_day() ~ " and cleaned.data_day is null"
            ~ " union select " ~ data_day() ~ " order by 1"
        ) -%}
        {%- for row in found.rows %}date '{{ row[0].strftime("%Y-%m-%d") }}'{{ ", " if not loop.last }}{% endfor -%}
    {%- else -%}
        date '1970-01-01'
    {%- endif -%}
{%- endmacro %}
