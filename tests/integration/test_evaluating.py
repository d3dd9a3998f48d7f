"""Past lists judged by what users did next, in a small lake of two tastes."""

from datetime import date, timedelta

import numpy as np
import pytest

from overture import evaluating
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.detail_reads import read_offers, read_purchases
from overture.adapters.warehouse.evaluation_reads import days_without_lists, last_landed_day
from overture.configuration import load_config
from overture.core.history import History, Pairs
from overture.errors import SettingsError, UsageError
from two_tastes import DAY

NAMES = ["popular", "own_most_bought"]
ROWS = "select * exclude (model_version) from {schema}.model_metrics where protocol = 'backtest' order by all"


@pytest.fixture(scope="module")
def lake(trained: Warehouse) -> Warehouse:
    return trained


@pytest.fixture(scope="module")
def judged(lake: Warehouse) -> evaluating.JudgedDay:
    return evaluating.judge_day(lake, DAY, NAMES, (7, 28))


def test_both_tasks_are_judged_by_every_horizon_that_has_landed(lake: Warehouse, judged: evaluating.JudgedDay) -> None:
    # The last day that has landed is the tenth after the judged one.
    assert last_landed_day(lake) == DAY + timedelta(days=10)
    assert set(judged.foresights) == {("discover", 7), ("replenish", 7)}
    found = lake.rows(
        "select distinct task, horizon_days, strategy, data_day from marts.model_metrics"
        " where protocol = 'backtest' and metric = 'ndcg' and user_group = 'everyone' order by all"
    )
    assert found == [
        (task, 7, strategy, DAY + timedelta(days=7))
        for task in ("discover", "replenish")
        for strategy in ("own_most_bought", "popular", "published")
    ]


def test_a_metric_is_what_one_counts_by_hand(lake: Warehouse, judged: evaluating.JudgedDay) -> None:
    (value, users), = lake.rows(
        """
        with relevant as (
            select distinct after.user_id, after.item_id
            from intermediate.int_events_cleaned as after
            join candidate.audience as a on after.user_id = a.user_id and a.is_eligible
            join candidate.item_facts as f on after.item_id = f.item_id and f.is_available
            where after.occurred_at >= $day + 1 and after.occurred_at < $day + 8
                and (after.user_id, after.item_id) not in
                    (select (user_id, item_id) from intermediate.int_events_cleaned where occurred_at < $day + 1)
        ),
        hit as (
            select relevant.user_id, max(r.item_id is not null) as is_hit
            from relevant
            left join (select * from candidate.recommendations where task = 'discover') as r using (user_id, item_id)
            group by all
        )
        select avg(is_hit::integer), count(*) from hit
        """,
        {"day": DAY},
    )  # fmt: skip
    measured = lake.rows(
        "select value, users from marts.model_metrics where protocol = 'backtest' and task = 'discover'"
        " and strategy = 'published' and metric = 'hit_rate' and user_group = 'everyone'"
    )
    assert measured == [(pytest.approx(value), users)]
    assert 0 < value < 1


def test_a_day_judged_again_has_the_same_rows_once_in_both_places(
    lake: Warehouse, judged: evaluating.JudgedDay
) -> None:
    before = lake.rows(ROWS.format(schema="marts"))
    evaluating.judge_day(lake, DAY, NAMES, (7, 28))
    assert lake.rows(ROWS.format(schema="marts")) == before
    assert lake.rows(ROWS.format(schema="candidate")) == before
    assert before


def test_strategies_know_nothing_of_what_came_after_the_judged_day(
    lake: Warehouse, judged: evaluating.JudgedDay
) -> None:
    lists = "select strategy, task, metric, value from marts.model_metrics where horizon_days = 0 order by all"
    before = lake.rows(lists)
    lake.execute(
        "insert into intermediate.int_events_cleaned by name select data_day, 'late ' || event_id as event_id, user_id,"
        " 'i00' as item_id, event_type, occurred_at from intermediate.int_events_cleaned where data_day > ?",
        [DAY],
    )
    lake.execute(
        "insert into intermediate.int_events_cleaned by name"
        " select $day + 1 as data_day, 'back ' || event_id as event_id"
        ", 'i02' as item_id, user_id, event_type, $day::timestamp as occurred_at from intermediate.int_events_cleaned",
        {"day": DAY},
    )
    evaluating.judge_day(lake, DAY, NAMES, (7,))
    after = lake.rows(lists)
    lake.execute("delete from intermediate.int_events_cleaned where event_id like 'late %' or event_id like 'back %'")
    assert after == before
    assert before


def test_prices_and_offers_are_read_as_of_the_day(lake: Warehouse) -> None:
    buying = load_config("interactions")["buying_event_types"]
    ids = np.array([f"i{number:02}" for number in range(90)])
    users = [user for (user,) in lake.rows("select distinct user_id from intermediate.int_events_cleaned order by 1")]
    history = History.of(np.array(users), ids, Pairs(*[np.zeros(0, np.int64)] * 5))
    purchases = read_purchases(lake, DAY, history, buying)
    assert purchases.unit_prices is not None
    assert set(purchases.unit_prices.tolist()) == {1.5}
    offers = read_offers(lake, DAY, history)
    assert dict(
        zip(ids[offers.items], zip(offers.starts_days_ago, offers.ends_days_ago, strict=True), strict=True)
    ) == {
        "i04": (20, -5),
        "i05": (30, 10),
    }


def test_another_strategy_is_added_and_the_rows_of_the_first_ones_stay(
    lake: Warehouse, judged: evaluating.JudgedDay
) -> None:
    evaluating.judge_day(lake, DAY, ["cosine"], (7,))
    strategies = lake.rows("select distinct strategy from marts.model_metrics where protocol = 'backtest' order by 1")
    assert strategies == [("cosine",), ("own_most_bought",), ("popular",), ("published",)]
    evaluating.judge_day(lake, DAY, NAMES, (7, 28))


def test_what_cannot_be_judged_is_refused_by_name(lake: Warehouse) -> None:
    with pytest.raises(SettingsError, match=r"unknown strategy.*popular.*got: nearest"):
        evaluating.judge_day(lake, DAY, ["nearest"], (7,))
    with pytest.raises(UsageError, match=r"no lists to judge.*2017-11-29"):
        evaluating.judge_day(lake, date(2017, 11, 29), NAMES, (7,))
    assert days_without_lists(lake, [DAY, date(2017, 11, 29)]) == [date(2017, 11, 29)]
