{# What user_signatures is made of; config/signatures.toml says what is configured, and why. #}

{# Whether an event is a purchase of the last so many days, the data day being the last. #}
{% macro is_bought_within(events, days) -%}
    {{ events }}.data_day <= {{ data_day() }}
    and {{ events }}.occurred_at >= {{ data_day() }} - ({{ days }} - 1)
    and {{ events }}.occurred_at < {{ data_day() }} + 1
    and {{ events }}.event_type in {{ buying_event_types() }}
{%- endmacro %}

{# The configured taste that a category belongs to; null where it stands in none. #}
{% macro taste_of(category) -%}
    case
        {%- for name in var("tastes") if var("tastes")[name] %}
        when {{ category }} in {{ text_literals(var("tastes")[name]) }} then {{ text_literal(name) }}
        {%- endfor %}
        when false then ''
    end
{%- endmacro %}

{# Each user's tastes worth telling, with their strength: first those that are large, and larger than with others. #}
{% macro told_tastes(shares) -%}
    select
        user_id,
        concat(taste, if(share >= {{ var("strong_share") }}, ' a lot', ' a little')) as taste,
        row_number() over (
            partition by user_id
            order by round(share * ln(share / share_of_all), 9) desc, taste asc
        ) as place
    from {{ shares }}
    where share >= {{ var("least_share") }}
    qualify place <= {{ var("most_tastes") }}
{%- endmacro %}

{# The name of the step that a number stands on; limits rise, and a number at a limit stands above it. #}
{% macro step_of(number, limits, names) -%}
    case
        when {{ number }} < {{ limits[0] }} then {{ text_literal(names[0]) }}
        when {{ number }} < {{ limits[1] }} then {{ text_literal(names[1]) }}
        when {{ number }} >= {{ limits[1] }} then {{ text_literal(names[2]) }}
    end
{%- endmacro %}

{% macro cadences() %}{{ return(["now and then", "weekly", "several times a week"]) }}{% endmacro %}

{# All that a prompt may tell of a user; null where there is nothing to tell. #}
{% macro signature() -%}
    nullif(concat_ws(
        ', ',
        tastes
        {%- if var("tells_price_tier") %}, price_tier || ' prices'{% endif %}
        {%- if var("tells_cadence") %}, cadence{% endif %}
    ), '')
{%- endmacro %}
