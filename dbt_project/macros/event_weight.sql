{# The configured weight of an event's type, from the map of types to weights. Types without a weight do not count:
   filter them with weighted_event_types. #}
{% macro event_weight(event_type) -%}
    case {{ event_type }}
        {%- for name in var("event_weights") %}
        when {{ text_literal(name) }} then cast({{ var("event_weights")[name] | float }} as double)
        {%- endfor %}
    end
{%- endmacro %}

{% macro weighted_event_types() -%}
    {{ text_literals(var("event_weights")) }}
{%- endmacro %}

{% macro buying_event_types() -%}
    {{ text_literals(var("buying_event_types")) }}
{%- endmacro %}

{% macro text_literals(texts) -%}
    ({% for text in texts %}{{ text_literal(text) }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}
