{# Incremental strategy: what the data day held before goes, also when nothing comes in its place; then all rows of
   the query are added. One transaction, under the lake's write lock. #}
{% macro get_incremental_replace_day_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
    delete from {{ arg_dict["target_relation"] }} where data_day = {{ data_day() }};
    insert into {{ arg_dict["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict["temp_relation"] }}
{%- endmacro %}
