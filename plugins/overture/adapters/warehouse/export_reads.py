"""A day of a published table as a file, written by the engine; messages are judged again before they leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from overture.adapters.warehouse.connection import LAKE, Warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.names import literal, quoted
from overture.adapters.warehouse.recalls import LIFTS, LIFTS_OF_RECALL, RECALLS
from overture.adapters.warehouse.runs import RUNS, publisher_of
from overture.adapters.warehouse.shortages import lake_error
from overture.errors import UsageError

MESSAGES = "messages"

COPY_OPTIONS = {
    "csv": "format csv, header",
    "parquet": "format parquet, compression zstd",
    "jsonl": "format json, dateformat '%Y-%m-%d'",
}
"""Format -> how DuckDB writes it."""

# What a spreadsheet takes for a formula; the wide signs are those of East Asian keyboards.
FORMULA = r"^\s*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"

JUDGED = """
with listed as (
    select
        messages.*,
        audience.user_id is null as is_unknown,
        coalesce(audience.has_consent, false) as has_consent,
        coalesce(facts.is_available, false) as is_available,
        list_contains($departments, coalesce(facts.department, ''))
        or list_contains($categories, coalesce(facts.category, '')) as is_suppressed,
        wishes.last_wish is not null and wishes.last_wish <> 'included' as is_unwanted,
        then_facts.price as then_price,
        facts.price as now_price,
        exists (
            select 1 from marts.message_claims as claims
            where claims.data_day = $day and claims.user_id = messages.user_id
                and claims.source_table = 'marts.item_facts' and claims.source_column = 'price'
        ) as says_price,
        {recalled} as is_recalled
    from marts.messages as messages
    left join marts.audience as audience on messages.user_id = audience.user_id and audience.data_day = $newest
    left join marts.item_facts as facts on messages.item_id = facts.item_id and facts.data_day = $newest
    left join marts.item_facts as then_facts on messages.item_id = then_facts.item_id and then_facts.data_day = $day
    left join ({wishes}) as wishes on messages.user_id = wishes.user_id and messages.item_id = wishes.item_id
    where messages.data_day = $day
)

select
    {columns},
    case
        when is_recalled then 'recalled'
        when is_unknown then 'unknown_reader'
        when not has_consent then 'no_consent'
        when is_unwanted then 'excluded_by_user'
        when not is_available then 'unavailable'
        when is_suppressed then 'suppressed'
        when says_price and now_price is distinct from then_price then 'price_changed'
    end as drop_reason
from listed
"""

WISHES = """
    select user_id, item_id, arg_max(kind, (occurred_at, source_row)) as last_wish
    from staging.stg_shop__feedback
    where data_day <= $newest and item_id is not null and kind in ('excluded', 'included', 'reported')
    group by user_id, item_id
"""

RECALLED = f"""exists (
    select 1 from {RECALLS} as recalls
    where {{in_force}} and (
        (recalls.kind = 'message' and recalls.subject = messages.user_id and recalls.data_day = $day)
        or (recalls.kind = 'draft' and recalls.subject = messages.draft_id)
        or (recalls.kind = 'item' and recalls.subject = messages.item_id)
        or (recalls.kind = 'fact' and coalesce(recalls.data_day, cast($day as date)) = $day and exists (
            select 1 from marts.message_claims as claims
            where claims.data_day = $day and claims.user_id = messages.user_id
                and concat(claims.source_table, '.', claims.source_column, ':', claims.source_key) = recalls.subject
        ))
    )
)"""

IN_FORCE = f"not exists (select 1 from {LIFTS_OF_RECALL})"


@dataclass(frozen=True)
class Exported:
    """What a file holds. checked_as_of: the day whose state messages were judged by; None for other tables.

    dropped: rows left out, by reason. escaped_cells: texts that a spreadsheet would have run, made harmless.
    """

    rows: int
    dropped: dict[str, int]
    checked_as_of: date | None
    run_id: str
    snapshot_id: int
    escaped_cells: int


def published_run(warehouse: Warehouse, day: date) -> str:
    """Return the id of the run that published the day; raise UsageError where none did."""
    run_id = publisher_of(warehouse, day)
    if run_id is None:
        raise UsageError("nothing is published of this day", where=day, expected="a published day", got="none")
    return run_id


def export_day(
    warehouse: Warehouse, table: str, day: date, rules: Mapping[str, Any], target: tuple[Path, str, bool]
) -> Exported:
    """Write the day's rows of a published table to a file, ordered by their columns, all of one snapshot.

    rules: `excluded_departments` and `excluded_categories` of config/ranking.toml. target: the file (in the folder that
    the warehouse was opened with), its format, and whether texts that a spreadsheet would run as a formula are to be
    made harmless by an apostrophe. Messages are judged by the newest published day's audience, item facts and feedback.
    """
    path, form, is_escaped = target
    warehouse.execute("begin")
    try:
        run_id = published_run(warehouse, day)
        newest = (
            warehouse.rows(f"select max(data_day) from {RUNS} where is_published")[0][0] if table == MESSAGES else None
        )
        _judge(warehouse, table, day, newest, rules)
        escaped = _escaped_cells(warehouse, table) if is_escaped else 0
        _copy(warehouse, table, path, form, is_escaped)
        counts = dict(warehouse.rows("select drop_reason, count(*) from temp.judged group by all order by all"))
        snapshot = warehouse.rows(f"select max(snapshot_id) from ducklake_snapshots('{LAKE}')")[0][0]
    finally:
        warehouse.execute("rollback")
    return Exported(counts.pop(None, 0), counts, newest, run_id, int(snapshot), escaped)


def _judge(warehouse: Warehouse, table: str, day: date, newest: date | None, rules: Mapping[str, Any]) -> None:
    columns = ", ".join(quoted(column.name) for column in contracts()[table].columns)
    if newest is None:
        sql = f"select {columns}, cast(null as varchar) as drop_reason from marts.{quoted(table)} where data_day = $day"
        asked: dict[str, object] = {"day": day}
    else:
        recalled = "false"
        if warehouse.columns(RECALLS):
            recalled = RECALLED.format(in_force=IN_FORCE if warehouse.columns(LIFTS) else "true")
        wishes = WISHES if warehouse.columns("staging.stg_shop__feedback") else f"{NO_WISHES}"
        sql = JUDGED.format(columns=columns, recalled=recalled, wishes=wishes)
        asked = {"day": day, "newest": newest}
        asked |= {"departments": rules["excluded_departments"], "categories": rules["excluded_categories"]}
    _do(warehouse, f"create or replace temp table judged as {sql}", asked)


NO_WISHES = "select null::varchar as user_id, null::varchar as item_id, null::varchar as last_wish where false"


def _copy(warehouse: Warehouse, table: str, path: Path, form: str, is_escaped: bool) -> None:
    columns = contracts()[table].columns
    cells = ", ".join(_escaped(c.name) if is_escaped and c.data_type == "varchar" else quoted(c.name) for c in columns)
    order = ", ".join(quoted(column.name) for column in columns)
    selected = f"select {cells} from temp.judged where drop_reason is null order by {order}"
    _do(warehouse, f"copy ({selected}) to {literal(str(path))} ({COPY_OPTIONS[form]})")


def _escaped(column: str) -> str:
    name = quoted(column)
    return f"case when regexp_matches({name}, {literal(FORMULA)}) then concat('''', {name}) else {name} end as {name}"


def _escaped_cells(warehouse: Warehouse, table: str) -> int:
    counts = [
        f"count(*) filter (regexp_matches({quoted(column.name)}, {literal(FORMULA)}))"
        for column in contracts()[table].columns
        if column.data_type == "varchar"
    ]
    return int(warehouse.rows(f"select {' + '.join(counts)} from temp.judged where drop_reason is null")[0][0])


def _do(warehouse: Warehouse, sql: str, asked: dict[str, object] | None = None) -> None:
    try:
        # Not through `execute`, which lets a reader's selections through and nothing else: what is written is a file.
        warehouse.connection.execute(sql, asked or {})
    except duckdb.Error as error:
        if ours := lake_error(error, warehouse.settings):
            raise ours from error
        raise
