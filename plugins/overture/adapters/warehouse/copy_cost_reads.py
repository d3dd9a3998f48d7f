"""What the copy of a published day took: tokens, drafts, and seconds of all steps (of each worker) for messages."""

from dataclasses import dataclass
from datetime import date

from overture.adapters.warehouse.connection import Warehouse

TAKEN = """
with made as (
    select count(*) as messages from marts.messages where data_day = $day
)

select
    made.messages,
    sum(seconds),
    cast(sum(tokens_in) as bigint),
    cast(sum(tokens_out) as bigint),
    cast(sum(drafts_made) as bigint)
from marts.run_costs
cross join made
where data_day = $day
    and split_part(step, '.', 1) in (
        'prepare_copy', 'write_copy', 'render_messages', 'measure_messages', 'check_messages'
    )
group by made.messages
"""


@dataclass(frozen=True)
class Taken:
    """A day's messages, the seconds of their steps, the model's tokens read and written, and drafts made by it."""

    messages: int
    seconds: float
    tokens_in: int
    tokens_out: int
    drafts_made: int


def read_copy_cost(warehouse: Warehouse, day: date) -> Taken | None:
    """Return what the day's copy took; None for a day without steps that were measured."""
    found = warehouse.rows(TAKEN, {"day": day})
    return Taken(*(value or 0 for value in found[0])) if found else None
