"""Publish: the day's candidate rows become visible in one transaction, or not at all."""

from collections.abc import Sequence

from overture.adapters.warehouse.connection import LAKE, Warehouse
from overture.adapters.warehouse.contracts import DIARIES, contracts
from overture.adapters.warehouse.fences import require_done
from overture.adapters.warehouse.names import quoted
from overture.adapters.warehouse.runs import RUNS
from overture.errors import WarehouseError
from overture.run import Run


def publish_day(warehouse: Warehouse, run: Run, before: Sequence[str], judged: Sequence[str]) -> dict[str, int]:
    """Replace the day's rows of every mart by its candidates; return how many rows each then has.

    before: the steps that this run must have done, in their order, gates among them. judged: those of them whose
    rows a later gate judges. One transaction: readers see the day as it was before or as it is after. The commit
    carries the run's id, by which its snapshot is found again.

    Raises SupersededError when a newer run of the day exists, GateError when a step or gate of `before` is not done,
    WarehouseError when a candidate table is missing.
    """

    def work(lake: Warehouse) -> dict[str, int]:
        require_done(lake.catalog.lake, run.token, run.day, before, judged)
        counts = {table: _publish_table(lake, run, table) for table in sorted(contracts()) if table not in DIARIES}
        lake.execute(f"update {RUNS} set is_published = true where token = ?", [run.token])
        lake.execute(
            f"call {LAKE}.set_commit_message('overture', ?, extra_info => ?)", [f"publish {run.day}", run.run_id]
        )
        return counts

    return warehouse.write(f"publish {run.day}", work)


def _publish_table(lake: Warehouse, run: Run, table: str) -> int:
    if not lake.columns(f"candidate.{table}"):
        raise WarehouseError(
            "nothing to publish", where=f"candidate.{table}", expected="a table that a step has written"
        )
    lake.ensure_table(f"marts.{table}")
    columns = ", ".join(quoted(column.name) for column in contracts()[table].columns)
    lake.execute(f"delete from marts.{quoted(table)} where data_day = ?", [run.day])
    lake.execute(
        f"insert into marts.{quoted(table)} ({columns})"
        f" select {columns} from candidate.{quoted(table)} where data_day = ?",
        [run.day],
    )
    return int(lake.rows(f"select count(*) from marts.{quoted(table)} where data_day = ?", [run.day])[0][0])
