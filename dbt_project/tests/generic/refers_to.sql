{# Passes when each value of the column on the data day is found in `field` of `to` on the same day. #}
{% test refers_to(model, column_name, to, field) %}
select referring.{{ column_name }}
from {{ model }} as referring
where
    referring.data_day = {{ data_day() }}
    and referring.{{ column_name }} is not null
    and not exists (
        select 1
        from {{ to }} as referred
        where
            referred.data_day = {{ data_day() }}
            and referred.{{ field }} = referring.{{ column_name }}
    )
{% endtest %}
