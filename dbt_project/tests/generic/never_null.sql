{# Passes when no row of the data day lacks one of `columns`. #}
{% test never_null(model, columns) %}
select {{ columns | join(", ") }}
from {{ model }}
where
    data_day = {{ data_day() }}
    and ({% for column in columns %}{{ column }} is null{{ " or " if not loop.last }}{% endfor %})
{% endtest %}
