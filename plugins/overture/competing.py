"""Where configurations of factors compete: past days as they were known then, and what users did after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.implicit_strategies import Als
from overture.adapters.sources import load_source
from overture.adapters.tuning_plan import Plan
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.training_reads import read_facts, read_readers
from overture.adapters.warehouse.tuning_reads import read_shop
from overture.configuration import load_config
from overture.core.backtest import relevant_to
from overture.core.judgements import foresight_of
from overture.core.metrics import PerUser
from overture.core.pooling import pooled
from overture.core.ranking import ALS, Positions
from overture.core.strategies import TASKS, fit_strategy, recommend_all
from overture.core.validation_days import Shop, ValidationDay
from overture.errors import UsageError

Lists = Mapping[str, Positions]


@dataclass(frozen=True)
class Field:
    """Where configurations compete: the days to search on and those to decide on; k is the length of lists."""

    shop: Shop
    search_days: Sequence[ValidationDay]
    gate_days: Sequence[ValidationDay]
    k: int
    threads: int

    def lists(self, day: ValidationDay, configuration: FactorConfiguration) -> dict[str, Positions]:
        """Return the lists of each task from factors fitted to what was known on the day."""
        type_weights = np.array(
            [configuration.event_weights.get(name, 0.0) for name in self.shop.events.types.tolist()]
        )
        history = day.history(configuration.half_life_days, type_weights)
        als = Als(self.threads, configuration.parameters)
        recommend = fit_strategy(ALS, als, history, day.stage.items, day.stage.users)
        return {task: recommend_all(ALS, recommend, day.stage.asked_for(task), self.k).items for task in TASKS}


def read_field(warehouse: Warehouse, day: date, plan: Plan) -> Field:
    """Read all that is judged by; raise UsageError where there is nothing."""
    if not all(warehouse.columns(f"candidate.{table}") for table in ("item_facts", "audience")):
        raise UsageError("no marts of this day", where=day, expected="a day that a run has made", got="none")
    ranking, buying = load_config("ranking"), load_config("interactions")["buying_event_types"]
    facts = read_facts(warehouse, day, ranking)
    readers = read_readers(warehouse, day)
    if not len(facts.item_ids) or not len(readers.user_ids):
        got = f"{len(facts.item_ids)} items and {len(readers.user_ids)} readers"
        raise UsageError("no marts of this day", where=day, expected="a day that a run has made", got=got)
    types = list(load_source(warehouse.settings.source).event_weights)
    shop = read_shop(warehouse, day, facts, readers, (types, buying))
    if not len(shop.events):
        raise UsageError("nothing to learn from", where=f"events up to {day}", expected="one or more", got="none")
    k = load_config("evaluation")["k"]
    searched, decided = (
        [_validation_day(shop, day, before, plan.horizon_days) for before in chosen]
        for chosen in (plan.search_days, plan.gate_days)
    )
    _require_users("search", day, searched)
    _require_users("gate", day, decided)
    return Field(shop, searched, decided, k, warehouse.settings.threads)


def _validation_day(shop: Shop, day: date, before: int, horizon: int) -> ValidationDay:
    found = ValidationDay.of(shop, before, horizon)
    if not len(found.pairs.users):
        past = day - timedelta(days=before)
        raise UsageError("nothing to learn from", where=f"events up to {past}", expected="one or more", got="none")
    return found


def _require_users(name: str, day: date, days: Sequence[ValidationDay]) -> None:
    for task in TASKS:
        if not sum(relevant_to(each.stage.asked_for(task), each.bought_after).nnz for each in days):
            spelt = ", ".join(str(day - timedelta(days=each.days_before)) for each in days)
            expected = f"a day after which a reader did anything of {task}"
            raise UsageError(f"no users to judge the {name} by", where=spelt, expected=expected, got="none")


def ndcg_of(days: Sequence[ValidationDay], lists: Sequence[Mapping[str, Lists]]) -> dict[str, dict[str, PerUser]]:
    """Return task -> way -> the metrics of each judged user, the mean of its days; lists: of each day, by way."""
    return {
        task: pooled(
            [
                (
                    day.asked_ids,
                    foresight_of(
                        day.stage, task, {way: of_task[task] for way, of_task in ways.items()}, day.bought_after
                    ),
                )
                for day, ways in zip(days, lists, strict=True)
            ]
        )
        for task in TASKS
    }
