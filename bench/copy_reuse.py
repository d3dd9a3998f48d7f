"""What readers save by sharing drafts on the day that a home has published last."""

from overture.adapters.warehouse.query import query
from overture.errors import OvertureError
from overture.settings import Settings

SHARED = """
with day as (select max(data_day) as data_day from marts.messages)

select
    data_day,
    count(*) as messages,
    count(distinct concat_ws('/', item_id, signature_id, prompt_version)) as prompts,
    count(distinct draft_id) as drafts,
    any_value(cost.made) as drafts_made
from day
inner join marts.messages using (data_day)
left join (
    select data_day, (sum(drafts_made) + sum(drafts_reused) filter (step = 'prepare_copy'))::bigint as made
    from marts.run_costs where split_part(step, '.', 1) in ('prepare_copy', 'write_copy')
    group by data_day
) as cost using (data_day)
group by data_day
"""


def reuse(settings: Settings) -> dict[str, object] | None:
    """Return messages, distinct prompts and drafts of that day, and messages a prompt; None without such a day."""
    try:
        found = query(settings, SHARED, None).to_pylist()
    except OvertureError:
        return None
    if not found:
        return None
    row = found[0]
    return {**row, "data_day": str(row["data_day"]), "messages_per_prompt": row["messages"] / row["prompts"]}
