"""One text for each published table of a day: equal where the rows are equal, whoever made them and when."""

from datetime import date

import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.contracts import Contract, contracts
from overture.adapters.warehouse.names import quoted
from overture.adapters.warehouse.runs import open_as_of_run
from overture.settings import Settings


def fingerprint(warehouse: Warehouse, day: date) -> pa.Table:
    """Return, for each published table, `rows` of `day` and their `fingerprint` (32 hexadecimal characters).

    Both halves of the MD5 of each row as JSON, summed over the rows modulo 2**64: the order of rows does not matter, a
    row that is there twice does, and no version of DuckDB changes it. Columns that hold a measurement of the run itself
    (seconds, memory, tokens; `is_measured` in the contract) are left out.
    """
    parts = [_one_table(contract) for _, contract in sorted(contracts().items())]
    return warehouse.arrow(" union all ".join(parts) + " order by table_name", {"day": day})


def fingerprint_of_day(settings: Settings, day: date, as_of_run: str | None = None) -> pa.Table:
    """Return the fingerprint of what is published now, or of what `as_of_run` published.

    Raises UsageError when nothing published by that run is kept.
    """
    with open_as_of_run(settings, as_of_run) as warehouse:
        return fingerprint(warehouse, day)


def _one_table(contract: Contract) -> str:
    fields = ", ".join(f"{quoted(c.name)} := {quoted(c.name)}" for c in contract.columns if not c.is_measured)
    halves = (
        f"format('{{:016x}}', cast(coalesce(sum(md5_number_{half}(row)), 0) % 18446744073709551616 as ubigint))"
        for half in ("upper", "lower")
    )
    return (
        f"select '{contract.name}' as table_name, count(*) as rows, concat({', '.join(halves)}) as fingerprint"
        f" from (select cast(to_json(struct_pack({fields})) as varchar) as row"
        f" from marts.{quoted(contract.name)} where data_day = $day) as found"
    )
