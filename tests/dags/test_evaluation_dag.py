"""The evaluation DAG as Airflow sees it, and what its tasks tell Airflow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overture.configuration import load_config

JUDGED = """
import json, sys, types
from datetime import UTC, datetime
import pyarrow as pa
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from overture import errors
from overture.orchestration import evaluation

asked, fates = [], {}
backtesting = types.ModuleType("overture.backtesting")
sys.modules["overture.backtesting"] = backtesting
class Order:
    def __init__(self, first, last, horizons):
        asked.append([str(first), str(last), list(horizons)])
backtesting.Order = Order
backtesting.lacks_lists = lambda settings, day: str(day) == "2020-01-01"
backtesting.backtest = lambda settings, order, tell: pa.Table.from_pylist([])
with DAG("any"):
    judge = evaluation.judge_lists()[0].operator.python_callable

judge(logical_date=datetime(2017, 12, 4, 6, tzinfo=UTC), params={"day": None})
judge(logical_date=None, params={"day": "2017-11-30"})
def fate(name, **given):
    try:
        judge(**given)
    except AirflowSkipException:
        fates[name] = "is skipped"
    except AirflowFailException:
        fates[name] = "fails at once"
    except Exception:
        fates[name] = "is tried again"
fate("a day without lists", logical_date=None, params={"day": "2020-01-08"})
fate("no day at all", logical_date=None, params={})
fate("a day that is none", logical_date=None, params={"day": "2017-02-30"})
fate("a number for a day", logical_date=None, params={"day": 20171130})
def failing(error):
    def backtest(settings, order, tell):
        raise error("no good")
    return backtest
for name in ("StrategyError", "WarehouseError"):
    backtesting.backtest = failing(getattr(errors, name))
    fate(name, logical_date=None, params={"day": "2017-11-30"})
with open(sys.argv[1], "w") as file:
    json.dump({"asked": asked, "fates": fates}, file)
"""


@pytest.fixture
def evaluation(bag: dict[str, Any]) -> dict[str, Any]:
    """The DAG."""
    return bag["dags"]["evaluate_recommendations"]  # type: ignore[no-any-return]


def test_each_horizon_is_a_task_and_they_follow_one_another(evaluation: dict[str, Any]) -> None:
    order = [f"judge_after_{horizon}_days" for horizon in load_config("evaluation")["horizon_days"]]
    assert list(evaluation["tasks"]) == order
    for position, name in enumerate(order):
        assert set(evaluation["tasks"][name]["before"]) == set(order[:position]), name


def test_it_runs_weekly_never_overlaps_itself_and_never_catches_up(evaluation: dict[str, Any]) -> None:
    assert evaluation["schedule"] == "0 6 * * 1"
    assert evaluation["max_active_runs"] == 1
    assert evaluation["catchup"] is False


def test_a_task_judges_the_day_that_lies_its_horizon_back_and_says_what_cannot_be_judged(
    tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    in_airflow(tmp_path / "home", JUDGED, str(tmp_path / "answer.json"))
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["asked"][:2] == [["2017-11-26", "2017-11-26", [7]], ["2017-11-23", "2017-11-23", [7]]]
    assert answer["fates"] == {
        "a day without lists": "is skipped",
        "no day at all": "fails at once",
        "a day that is none": "fails at once",
        "a number for a day": "fails at once",
        "StrategyError": "fails at once",
        "WarehouseError": "is tried again",
    }
