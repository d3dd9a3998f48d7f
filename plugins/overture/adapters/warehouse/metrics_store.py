"""Writes measurements of recommendations and messages, each kind in place of its own former rows only."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.core import columns

TABLE = "model_metrics"
HOLDOUT, BACKTEST, LISTS, COPY = "holdout", "backtest", "lists", "copy"


def replace_measured(warehouse: Warehouse, day: date, protocol: str, rows: pa.Table) -> None:
    """Make `rows` all that the candidate of `day` holds of the protocol; what others found of the day stays."""

    def work(lake: Warehouse) -> None:
        lake.ensure_table(f"candidate.{TABLE}")
        lake.execute(f"delete from candidate.{TABLE} where data_day = ? and protocol = ?", [day, protocol])
        _add(lake, f"candidate.{TABLE}", rows)

    warehouse.write(f"{protocol} metrics {day}", work)


def publish_backtest(warehouse: Warehouse, judged_day: date, strategies: Sequence[str], rows: pa.Table) -> None:
    """Replace what was measured of these strategies' lists of the day, in the candidates and in the published table.

    Into the candidates, too, because publishing a day takes them as they are. One transaction.
    """

    def work(lake: Warehouse) -> None:
        for schema in ("candidate", "marts"):
            lake.ensure_table(f"{schema}.{TABLE}")
            lake.execute(
                f"delete from {schema}.{TABLE} where judged_day = ? and protocol = ? and list_contains(?, strategy)",
                [judged_day, BACKTEST, list(strategies)],
            )
            _add(lake, f"{schema}.{TABLE}", rows)

    warehouse.write(f"backtest of {judged_day}", work)


def _add(lake: Warehouse, table: str, rows: pa.Table) -> None:
    names = ", ".join(rows.column_names)
    with lake.registered(rows) as view:
        lake.execute(f"insert into {table} ({names}) select {names} from {view}")


def metric_rows(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Return measurements as a table in the contract's types; a number that is none becomes null."""
    types = {
        columns.DATA_DAY: pa.date32(),
        columns.JUDGED_DAY: pa.date32(),
        columns.HORIZON_DAYS: pa.int32(),
        columns.K: pa.int32(),
        columns.USERS: pa.int32(),
        **dict.fromkeys(
            (columns.VALUE, columns.BASELINE, columns.LOW, columns.HIGH, columns.LEAD_LOW, columns.LEAD_HIGH),
            pa.float64(),
        ),
        **dict.fromkeys(
            (
                columns.MODEL_VERSION,
                columns.STRATEGY,
                columns.METRIC,
                columns.PROTOCOL,
                columns.TASK,
                columns.USER_GROUP,
            ),
            pa.string(),
        ),
    }
    arrays = {name: pa.array([row.get(name) for row in rows], kind, from_pandas=True) for name, kind in types.items()}
    return pa.table(arrays)
