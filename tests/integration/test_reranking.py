"""Trees learnt of earlier weeks order the lists of later days, once they are better; what is listed stays explained."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from overture import gates, preferences, recommending, reranking, steps
from overture.adapters import strategy_registry
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.rankers import RANKERS, ranker_of_run, version_in_force
from overture.configuration import load_config
from overture.core.strategies import TASKS
from overture.errors import ArtifactError, UsageError
from overture.reranking import Learnt, train_ranker
from overture.run import Run
from overture.settings import Settings
from weekly_lake import DAY, fill_weekly_shop
from weekly_shop import USERS

BLEND = {"least_rows": 20, "rounds": 20, "learning_rate": 0.2, "shrinkage": 1.0, "least_bought": 20, "threads": 1}
LISTS = "select * exclude (model_version) from candidate.recommendations order by all"
ROWS = f"select * from {RANKERS} order by all"


@pytest.fixture(scope="module")
def small_trees() -> Iterator[None]:
    """Trees that fit the small shop."""
    stated = load_config("strategies")
    stated = {**stated, "blend": {**stated["blend"], **BLEND}}
    patch = pytest.MonkeyPatch()
    patch.setattr(strategy_registry, "load_config", lambda name: stated if name == "strategies" else load_config(name))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def lake(module_settings: Settings, small_trees: None) -> Iterator[Warehouse]:
    with open_warehouse(replace(module_settings, threads=1)) as opened:
        fill_weekly_shop(opened)
        yield opened


@pytest.fixture(scope="module")
def plain(lake: Warehouse) -> list[tuple[object, ...]]:
    """The lists of the day before anything was learnt."""
    return ranked(lake, steps.open_run(lake.settings, DAY))


@pytest.fixture(scope="module")
def learnt(lake: Warehouse, plain: object) -> Learnt:
    return train_ranker(lake.settings, DAY)


@pytest.fixture(scope="module")
def next_day(lake: Warehouse, learnt: Learnt) -> Run:
    """The day's tables again, as those of the day after."""
    for table in ("candidate.item_facts", "candidate.audience", "intermediate.int_interactions_weighted"):
        lake.execute(
            f"insert into {table} select * replace (data_day + 1 as data_day) from {table} where data_day = ?", [DAY]
        )
    run = steps.open_run(lake.settings, DAY + timedelta(days=1))
    ranked(lake, run)
    return run


def ranked(lake: Warehouse, run: Run) -> list[tuple[object, ...]]:
    preferences.train_factors(run, lake)
    recommending.rank_items(run, lake)
    return lake.rows(LISTS)


def test_what_orders_better_than_the_single_strategies_is_accepted_with_its_figures(
    lake: Warehouse, learnt: Learnt
) -> None:
    (row,) = lake.arrow(ROWS).to_pylist()
    assert learnt.ranker is not None
    assert (row["data_day"], row["is_accepted"], row["version"]) == (DAY, True, learnt.ranker.version)
    assert row["reason"] == learnt.reason
    assert "als_with_ease and habits" in row["reason"]
    for task in TASKS:
        assert 0 < row[f"{task}_users"] < USERS
        assert row[f"{task}_ndcg"] - row[f"{task}_single_ndcg"] == pytest.approx(row[f"{task}_lead"])
        assert 0 < row[f"{task}_lead_low"] <= row[f"{task}_lead"] <= row[f"{task}_lead_high"]
    assert [name for name, value in row.items() if value is None] == []


def test_learnt_again_it_is_the_same_row(lake: Warehouse, learnt: Learnt) -> None:
    before = lake.rows(ROWS)
    train_ranker(lake.settings, DAY)
    assert lake.rows(ROWS) == before


def test_it_orders_the_days_after_its_own_and_never_its_own(
    lake: Warehouse, plain: list[tuple[object, ...]], learnt: Learnt, next_day: Run
) -> None:
    assert learnt.ranker is not None
    assert version_in_force(lake, DAY) is None
    assert version_in_force(lake, DAY + timedelta(days=1)) == learnt.ranker.version
    again = ranked(lake, steps.open_run(lake.settings, DAY))
    assert [row for row in again if row[0] == DAY] == [row for row in plain if row[0] == DAY]
    found = ranker_of_run(lake, next_day)
    assert found is not None
    assert found.version == learnt.ranker.version
    shares = dict(
        lake.rows(
            "select task, avg((strategy = 'blend')::integer) from candidate.recommendations where data_day = ?"
            " group by task",
            [next_day.day],
        )
    )
    assert shares["replenish"] == 1
    assert shares["discover"] > 0.8


def test_a_place_follows_its_chance_and_its_score_is_what_its_reasons_are_shares_of(
    lake: Warehouse, next_day: Run
) -> None:
    rows = lake.rows(
        "select chance, lag(chance) over (partition by user_id, task order by rank), score from"
        " candidate.recommendations where data_day = ? and strategy = 'blend'",
        [next_day.day],
    )
    assert all(0 <= chance <= 1 and (above is None or chance <= above) for chance, above, _ in rows)
    without_shares = lake.rows(
        """
        select count(*) from candidate.recommendations as listed
        where data_day = $day and strategy = 'blend' and not exists (
            select 1 from candidate.recommendation_reasons as reasons
            where reasons.data_day = $day and reasons.user_id = listed.user_id and reasons.task = listed.task
                and reasons.rank = listed.rank and reasons.share > 0
        )
        """,
        {"day": next_day.day},
    )
    assert without_shares == [(0,)]
    assert np.isfinite([score for _, _, score in rows]).all()
    singly = lake.rows(
        "select count(chance) from candidate.recommendations where data_day = ? and strategy in ('als_with_ease',"
        " 'popular', 'fold_in', 'explore')",
        [next_day.day],
    )
    assert singly == [(0,)]


def test_the_score_of_an_item_is_its_preference_whether_trees_order_the_list_or_not(
    lake: Warehouse, next_day: Run
) -> None:
    # Both days have the same interactions and facts, so the same was learnt.
    pairs = lake.rows(
        """
        select before.score, after.score
        from candidate.recommendations as before
        inner join candidate.recommendations as after using (user_id, task, item_id)
        where before.data_day = $day - 1 and after.data_day = $day and task = 'discover'
            and before.strategy = 'als_with_ease' and after.strategy = 'blend'
        """,
        {"day": next_day.day},
    )
    assert len(pairs) > USERS
    assert np.ptp(np.array(pairs), axis=1).max() < 1e-3


def test_lists_in_the_order_of_the_trees_pass_the_gate(lake: Warehouse, next_day: Run) -> None:
    gates.check_recommendations(next_day, lake)


def test_a_run_keeps_the_ranker_that_it_was_opened_with(lake: Warehouse, next_day: Run) -> None:
    before = lake.rows(LISTS)
    lake.execute(f"update {RANKERS} set is_accepted = false")
    assert version_in_force(lake, next_day.day) is None
    assert ranked(lake, next_day) == before
    lake.execute(f"update {RANKERS} set is_accepted = true")


def test_trees_that_were_altered_or_are_gone_are_refused_and_no_list_changes(lake: Warehouse, next_day: Run) -> None:
    before = lake.rows(LISTS)
    lake.execute(f"create table kept as from {RANKERS}")
    lake.execute(f"update {RANKERS} set discover_trees = replace(discover_trees, 'num_leaves=7', 'num_leaves=6')")
    with pytest.raises(ArtifactError, match="altered ranker"):
        recommending.rank_items(next_day, lake)
    lake.execute(f"delete from {RANKERS}")
    with pytest.raises(ArtifactError, match="no such ranker"):
        recommending.rank_items(next_day, lake)
    lake.execute(f"insert into {RANKERS} from kept")
    assert lake.rows(LISTS) == before


def test_a_ranker_that_is_no_better_stays_off_and_says_why(lake: Warehouse, learnt: Learnt) -> None:
    patch = pytest.MonkeyPatch()
    patch.setitem(reranking.SINGLE, "replenish", "blend")
    refused = train_ranker(lake.settings, DAY)
    patch.undo()
    assert not refused.is_accepted
    assert "The champion stays" in refused.reason
    assert version_in_force(lake, DAY + timedelta(days=1)) is None
    assert train_ranker(lake.settings, DAY).is_accepted


def test_a_shop_that_is_too_young_learns_nothing_and_says_so(lake: Warehouse, learnt: Learnt) -> None:
    stated = strategy_registry.load_config("strategies")
    patch = pytest.MonkeyPatch()
    patch.setattr(
        strategy_registry,
        "load_config",
        lambda name: {**stated, "blend": {**stated["blend"], "least_bought": 10**6}},
    )
    refused = train_ranker(lake.settings, DAY)
    patch.undo()
    assert refused == Learnt(reranking.TOO_LITTLE, False, None, None)
    assert lake.rows(f"select is_accepted, version, discover_trees from {RANKERS}") == [(False, None, None)]
    train_ranker(lake.settings, DAY)


def test_a_day_that_no_run_has_made_is_refused(lake: Warehouse) -> None:
    with pytest.raises(UsageError, match="no run of this day"):
        train_ranker(lake.settings, DAY - timedelta(days=40))
