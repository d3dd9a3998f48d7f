{# Should the write lock be lost, the later of two commits fails on this row; and a build that goes on after another
   writer had its turn fails here, because the row bears that writer's name. A build that nobody named is not checked. #}
{% macro take_lock_row() -%}
    update lake.ops.write_locks set turn = {{ next_turn() }} where table_name = 'lake'
{%- endmacro %}

{# The same for views, that write nothing else: two of one name collide by themselves, so the row is only looked at. #}
{% macro see_lock_row() -%}
    select {{ next_turn() }} as turn from lake.ops.write_locks where table_name = 'lake'
{%- endmacro %}

{% macro next_turn() -%}
    {%- set holder = text_literal(env_var("LAKE_LOCK_HOLDER", "")) -%}
    case
        when {{ holder }} in ('', holder) then turn + 1
        else error('superseded: the lock row bears another name, ' || coalesce(holder, 'none'))
    end
{%- endmacro %}
