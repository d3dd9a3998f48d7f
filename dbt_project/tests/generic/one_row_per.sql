{# Passes when the data day holds at most one row for each combination of `columns`. #}
{% test one_row_per(model, columns) %}
select
    {{ columns | join(", ") }},
    count(*) as rows_found
from {{ model }}
where data_day = {{ data_day() }}
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
