"""Learns in which order candidates are bought, and lets later days be ranked so where that is better."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Final

from scipy.sparse import csr_matrix

from overture.adapters.als import one_blas_thread
from overture.adapters.blend import Blend
from overture.adapters.catalog import open_catalog
from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.implicit_strategies import Together
from overture.adapters.sources import load_source
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.tuning_plan import Plan
from overture.adapters.warehouse import Warehouse, fences, open_warehouse, runs
from overture.adapters.warehouse.champions import champion_of
from overture.adapters.warehouse.detail_reads import with_detail
from overture.adapters.warehouse.history_reads import read_stage
from overture.adapters.warehouse.rankers import Ranker, record_ranker
from overture.configuration import load_config
from overture.core.backtest import Stage, lists_of
from overture.core.behaviour import Ids
from overture.core.champion_gate import Contest, Rules, Verdict, decide
from overture.core.earlier import bought_in
from overture.core.history import Users, favourites_of
from overture.core.judgements import Foresight, foresight_of
from overture.core.metrics import PerUser
from overture.core.pooling import pooled
from overture.core.ranking import ALS_WITH_EASE, BLEND, HABITS
from overture.core.strategies import DISCOVER, REPLENISH, TASKS, Strategy
from overture.errors import SettingsError, UsageError
from overture.settings import Settings

STEP: Final = "train_ranker"
SINGLE: Final = {DISCOVER: ALS_WITH_EASE, REPLENISH: HABITS}
"""What makes each list where no trees are in force, and must be beaten."""

TOO_LITTLE: Final = "Nothing is learnt: too few candidates of an earlier week were bought in it."

SIDES: Final = f"The candidate is the order of the trees, the champion {' and '.join(SINGLE.values())}. "
"""What the gate's sentence is about."""


@dataclass(frozen=True)
class Learnt:
    """What came of it. verdict, ranker: None where too little is known to learn."""

    reason: str
    is_accepted: bool
    verdict: Verdict | None
    ranker: Ranker | None


def train_ranker(settings: Settings, day: date) -> Learnt:
    """Learn as of `day`, compare on earlier days, and note the decision as the day's row of ops.rankers.

    Nothing after the day is read; done again, it gives the same row. Of several at once for one day the newest may
    write. Raises UsageError for a day without a run, readers or users to judge by, SettingsError for a bad
    configuration, DayRangeError for a day outside the source's range, SupersededError when a newer run has begun.
    """
    plan = Plan.read()
    load_source(settings.source).require_day(day)
    with open_catalog(settings), open_warehouse(settings) as warehouse, one_blas_thread():
        warehouse.attempt = runs.begin_beside_run(warehouse, settings, day, STEP)
        # Of this day's decision on factors, too: the days after it are made with both.
        champion = champion_of(warehouse, day + timedelta(days=1))
        learnt = _learn(warehouse, day, plan, champion)
        record_ranker(warehouse, day, learnt.ranker, _row(learnt, plan))
        fences.finish(warehouse.catalog.lake, warehouse.attempt)
    return learnt


def _learn(warehouse: Warehouse, day: date, plan: Plan, champion: FactorConfiguration) -> Learnt:
    buying = load_config("interactions")["buying_event_types"]
    stage, _, _ = read_stage(warehouse, day, load_config("ranking"), buying)
    if not len(stage.asked):
        raise UsageError("no readers", where=day, expected="a day that a run has made", got="none")
    stage = with_detail(warehouse, day, stage, buying)
    found = {name: champion.given_to(each) for name, each in load_strategies([BLEND, *SINGLE.values()]).items()}
    blend, single = found[BLEND], found[ALS_WITH_EASE]
    if not (isinstance(blend, Blend) and isinstance(single, Together)):
        got = f"{type(blend).__name__} and {type(single).__name__}"
        raise SettingsError("nothing to learn", where="strategies.toml", expected="classes Blend and Together", got=got)
    # What ranks a day is learnt by the same.
    blend = found[BLEND] = replace(blend, single=single)
    ranks = blend.learn(stage.history, stage.items)
    if set(ranks) != set(TASKS):
        return Learnt(TOO_LITTLE, False, None, None)
    verdict = judge(stage, blend, found, plan)
    parameters = {**asdict(blend), "configuration": champion.as_mapping()}
    return Learnt(SIDES + verdict.reason, verdict.is_accepted, verdict, Ranker(ranks, parameters))


def judge(stage: Stage, blend: Blend, strategies: Mapping[str, Strategy], plan: Plan) -> Verdict:
    """Return whether the blend beats the single strategies, on the days of the gate.

    For each of these the blend learns anew, from what was known by then. It has to be better on both tasks.
    Raises UsageError where no reader did anything of a task after these days.
    """
    plain = load_strategies(plan.baselines)
    k = load_config("evaluation")["k"]
    judged: dict[str, list[tuple[Ids, Foresight]]] = {task: [] for task in TASKS}
    for before in plan.gate_days:
        past, after = _past(stage, blend, before, plan.horizon_days)
        lists = lists_of(past, {**strategies, **plain}, k)
        for task in TASKS:
            judged[task].append((past.history.user_ids[past.asked], foresight_of(past, task, lists[task], after)))
    for task, each in judged.items():
        if not any(len(foresight.users) for _, foresight in each):
            expected = f"a reader who did anything of {task} after them"
            raise UsageError("no users to judge by", where="the days of the gate", expected=expected, got="none")
    found: dict[str, Mapping[str, PerUser]] = {task: pooled(each) for task, each in judged.items()}
    contest = Contest(
        {task: found[task][BLEND]["ndcg"] for task in TASKS},
        {task: found[task][SINGLE[task]]["ndcg"] for task in TASKS},
        {name: found[DISCOVER][name]["ndcg"] for name in plain},
    )
    return decide(contest, Rules(None, plan.rules.seed, plan.rules.resamples))


def _past(stage: Stage, blend: Blend, before: int, horizon: int) -> tuple[Stage, csr_matrix]:
    """Return what was known so many days before, and what was bought in the days after that."""
    purchases = stage.history.purchases
    assert purchases is not None  # noqa: S101 - nothing is learnt without
    history, items = blend.before(stage.history, stage.items, purchases, before)
    past = replace(stage, history=history, items=items, users=Users(favourites_of(history, items)[:, None]))
    return past, bought_in(purchases, before, horizon, history.counts.shape)


def _row(learnt: Learnt, plan: Plan) -> Mapping[str, object]:
    row: dict[str, object] = {"is_accepted": learnt.is_accepted, "reason": learnt.reason, "seed": plan.rules.seed}
    if learnt.verdict is None:
        return row
    return row | learnt.verdict.as_columns("single")
