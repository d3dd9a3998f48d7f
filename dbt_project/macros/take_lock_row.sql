{# Should the write lock be lost, the later of two commits fails on this row; and a build that goes on after another
   writer had its turn fails here, because the row bears that writer's name. A build that nobody named is not checked. #}
{% macro take_lock_row() -%}
    {%- set holder = text_literal(env_var("LAKE_LOCK_HOLDER", "")) -%}
    update lake.ops.write_locks
    set turn = case
        when {{ holder }} in ('', holder) then turn + 1
        else error('superseded: the lock row bears another name, ' || coalesce(holder, 'none'))
    end
    where table_name = 'lake'
{%- endmacro %}
