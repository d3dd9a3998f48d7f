{# Passes when the column holds nothing but `values` on the data day; null is none of them. #}
{% test only_values(model, column_name, values) %}
select
    {{ column_name }},
    count(*) as rows_found
from {{ model }}
where
    data_day = {{ data_day() }}
    and ({{ column_name }} is null or {{ column_name }} not in {{ text_literals(values) }})
group by {{ column_name }}
{% endtest %}
