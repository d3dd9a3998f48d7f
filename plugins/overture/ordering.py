"""How a day's candidates are put in order by trees, where a ranker is in force."""

from collections.abc import Sequence
from dataclasses import dataclass

from overture.adapters.blend_order import AgainOrder, NewOrder
from overture.adapters.blend_sources import Depths, Sources
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.detail_reads import with_detail
from overture.adapters.warehouse.rankers import ranker_of_run
from overture.core.backtest import Stage
from overture.core.blend_features import Facts
from overture.core.recommendations import Best
from overture.core.scoring import FactorScores, SumOfScores
from overture.core.strategies import DISCOVER, REPLENISH
from overture.run import Run


@dataclass(frozen=True)
class Orders:
    """The order of each task. version: of the ranker that they are of."""

    new: Best
    again: Best
    version: str


def orders_of(
    run: Run,
    warehouse: Warehouse,
    stage: Stage,
    learnt: tuple[FactorScores, SumOfScores | None],
    buying_event_types: Sequence[str],
) -> Orders | None:
    """Return the orders of the ranker that the run was opened with; None where it was opened with none.

    learnt: the day's factors, and what was learnt beside them. Nothing is read or computed where no ranker is in force.
    """
    ranker = ranker_of_run(warehouse, run)
    if ranker is None:
        return None
    stage = with_detail(warehouse, run.day, stage, buying_event_types)
    facts = Facts.of(stage.history, stage.items)
    sources = Sources(stage.history, facts, *learnt, Depths())
    new = NewOrder(sources, ranker.ranks[DISCOVER], float(ranker.parameters["mix"]))
    return Orders(new.best, AgainOrder(facts, ranker.ranks[REPLENISH]).best, ranker.version)
