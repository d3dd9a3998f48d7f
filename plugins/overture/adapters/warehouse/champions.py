"""Which configuration factors are made with: the newest that a tuning's gate has accepted, or the files'."""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.runs import RUNS
from overture.run import Run

CHAMPIONS = "ops.champions"


def champion_of(warehouse: Warehouse, day: date) -> FactorConfiguration:
    """Return the configuration in force on `day`: the newest accepted one of an earlier day, else what the files state.

    A decision as of `day` itself comes after the day's run, which made again must not see it either.
    """
    found = []
    if warehouse.columns(CHAMPIONS):
        found = warehouse.rows(
            f"select parameters from {CHAMPIONS} where is_accepted and data_day < ? order by data_day desc limit 1",
            [day],
        )
    if not found:
        return FactorConfiguration.from_files(warehouse.settings)
    return FactorConfiguration.from_json(found[0][0], warehouse.settings)


def configuration_of_run(warehouse: Warehouse, run: Run) -> FactorConfiguration:
    """Return what the run was opened with, so that a decision made since does not change it halfway through.

    A run that was opened before this was noted, or not at all, has the champion of its day.
    """
    found = []
    if "factor_configuration" in warehouse.columns(RUNS):
        found = warehouse.rows(
            f"select factor_configuration from {RUNS} where token = ? and factor_configuration is not null", [run.token]
        )
    if not found:
        return champion_of(warehouse, run.day)
    return FactorConfiguration.from_json(found[0][0], warehouse.settings)


def record_decision(warehouse: Warehouse, day: date, decision: Mapping[str, object]) -> None:
    """Make `decision` the one row of `day`; its names are columns of the contract."""
    warehouse.replace_day(CHAMPIONS, day, pa.Table.from_pylist([{"data_day": day, **decision}]))
