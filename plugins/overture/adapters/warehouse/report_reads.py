"""What a day's report shows, read from the published tables."""

from datetime import date

import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.contracts import contracts

SECTIONS = {
    "Model against the popular baseline": """
        select protocol, judged_day, task, strategy, metric, k, round(value, 4) as value, round(baseline, 4) as baseline
        from marts.model_metrics where data_day = $day and user_group = 'everyone' and protocol not in ('copy', 'lists')
        order by all
    """,
    "Recommendations by strategy": """
        select task, strategy, count(*) as rows, count(distinct user_id) as users, count(distinct item_id) as items
        from marts.recommendations where data_day = $day group by task, strategy order by task, strategy
    """,
    "Messages by rung": """
        select rung, refusal, count(*) as messages, count(distinct text) as texts
        from marts.messages where data_day = $day group by rung, refusal order by messages desc, rung, refusal
    """,
    "How personal the messages are": """
        select metric, users, round(value, 4) as value, round(low, 4) as low, round(high, 4) as high,
            round(baseline, 4) as by_chance
        from marts.model_metrics where data_day = $day and protocol = 'copy' order by metric
    """,
    "Quarantined rows": """
        select entity, column_name, reason, count(*) as rows
        from raw.quarantine where data_day = $day group by all order by rows desc, entity, column_name, reason
    """,
    "Gates": """
        select step, count(*) as expectations, count(*) filter (not success) as refused
        from marts.validations where data_day = $day group by step order by step
    """,
    "Costs": """
        select step, round(seconds, 1) as seconds, round(peak_mb) as peak_mb, tokens_in, tokens_out, drafts_made,
            drafts_reused
        from marts.run_costs where data_day = $day order by seconds desc, step
    """,
    "Ten messages": """
        select user_id, text, rung from marts.messages where data_day = $day order by user_id limit 10
    """,
}
"""Each section of the report and its query."""


def read_sections(warehouse: Warehouse, day: date) -> dict[str, pa.Table]:
    """Return each section's rows, all of one snapshot; the first counts the day's rows of every published table."""
    counts = " union all ".join(
        f"select '{table}' as \"table\", count(*) as rows from marts.{table} where data_day = $day"
        for table in sorted(contracts())
    )
    queries = {"Published rows": f"{counts} order by 1"} | SECTIONS
    warehouse.execute("begin")
    try:
        return {title: warehouse.arrow(sql, {"day": day}) for title, sql in queries.items()}
    finally:
        warehouse.execute("rollback")
