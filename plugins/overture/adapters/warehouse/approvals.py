"""Approvals: the sample of a day's messages that a person is shown, and what was decided about it."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.copy_reads import DRAFTS
from overture.core.approval import EDITED, WITHHELD, Sampled
from overture.errors import GateError
from overture.run import Run

APPROVALS: Final = "ops.approvals"

SAMPLE: Final = """
with claims as (
    select
        user_id,
        list(
            concat(slot, ': ', rendered, ' (', source_table, '.', source_column, ', ', source_key, ')') order by slot
        ) as texts
    from candidate.message_claims
    where data_day = $day
    group by user_id
),

messages as (
    select
        messages.user_id,
        messages.item_id,
        messages.rung,
        messages.text,
        messages.draft_id,
        drafts.text as draft,
        coalesce(claims.texts, []) as claims,
        md5(concat(messages.user_id, ' ', $seed, ' ', $day)) as place
    from candidate.messages as messages
    left join copy.drafts as drafts on messages.draft_id = drafts.draft_id
    left join claims on messages.user_id = claims.user_id
    where messages.data_day = $day
    -- Of messages that share a draft one is shown: what is decided about it holds for all of them.
    qualify row_number() over (partition by coalesce(messages.draft_id, messages.user_id) order by place) = 1
),

titles as (
    select item_id, title
    from candidate.item_facts
    where data_day = $day
)

select
    messages.user_id,
    messages.item_id,
    coalesce(titles.title, ''),
    reasons.title,
    messages.rung,
    messages.text,
    messages.draft_id,
    messages.draft,
    messages.claims
from messages
left join titles on messages.item_id = titles.item_id
left join candidate.recommendations as listed
    on
        listed.data_day = $day
        and listed.task = 'discover'
        and messages.user_id = listed.user_id
        and messages.item_id = listed.item_id
left join titles as reasons on listed.reason_item_id = reasons.item_id
order by messages.place, messages.user_id
limit $most
"""


def sample_of(warehouse: Warehouse, day: date, most: int, seed: int) -> list[Sampled]:
    """Return up to `most` of the day's written messages, each of another draft, drawn by hash of user, seed and day."""
    rows = warehouse.rows(SAMPLE, {"day": day, "most": most, "seed": seed})
    return [Sampled(*row) for row in rows]


def record_approvals(warehouse: Warehouse, rows: Sequence[dict[str, object]]) -> None:
    """Add rows, their names columns of the contract; a decision is never replaced."""

    def work(lake: Warehouse) -> None:
        lake.ensure_table(APPROVALS)
        for row in rows:
            lake.execute(
                f"insert into {APPROVALS} by name select {', '.join(f'${name} as {name}' for name in row)}", row
            )

    warehouse.write("record approvals", work)


def edits_of(warehouse: Warehouse, day: date) -> dict[str, str]:
    """Return what people edited on this day or earlier: draft id -> the id of the newest draft in its place."""
    if not warehouse.columns(APPROVALS) or not warehouse.columns(DRAFTS):
        return {}
    rows = warehouse.rows(
        f"select draft_id, arg_max(edited_draft_id, decided_at) from {APPROVALS}"
        " where decision = $edited and data_day <= $day"
        f" and edited_draft_id in (select kept.draft_id from {DRAFTS} as kept) group by draft_id",
        {"edited": EDITED, "day": day},
    )
    return {str(draft): str(edited) for draft, edited in rows}


def require_approval(warehouse: Warehouse, run: Run) -> None:
    """Raise GateError where a day has messages and nobody has let this run publish them."""
    if not warehouse.rows("select 1 from candidate.messages where data_day = ? limit 1", [run.day]):
        return
    if warehouse.columns(APPROVALS):
        asked = f"select count(*) from {APPROVALS} where run_id = ? and data_day = ? and decision <> ?"
        if warehouse.rows(asked, [run.run_id, run.day, WITHHELD])[0][0]:
            return
    expected = "an answer in Airflow's required actions, for copy.toml says that messages wait for one"
    raise GateError("nobody has approved the messages", where=run.day, expected=expected, got="none of this run")
