"""The tuning DAG as Airflow sees it, and what its task tells Airflow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TUNED = """
import json, sys, types
from datetime import UTC, datetime
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from overture import errors
from overture.orchestration import tuning as tasks

asked, fates = [], {}
tuning = types.ModuleType("overture.tuning")
sys.modules["overture.tuning"] = tuning
class Order:
    def __init__(self, *given):
        self.given = [str(given[0]), *given[1:]]
tuning.Order = Order
tuning.not_ready = lambda settings, day: "no run" if str(day) == "2020-01-04" else None
class Tuned:
    folder = "somewhere"
def tune(settings, order, tell, clock):
    asked.append(order.given)
    assert clock() <= clock()
    return Tuned
tuning.tune = tune
with DAG("any"):
    task = tasks.tune_factors().operator.python_callable

task(logical_date=datetime(2017, 8, 28, 8, tzinfo=UTC), params={"day": None, "trials": None, "minutes": None})
task(logical_date=None, params={"day": "2017-08-29", "trials": 3, "minutes": 5})
def fate(name, **given):
    try:
        task(**given)
    except AirflowSkipException:
        fates[name] = "is skipped"
    except AirflowFailException:
        fates[name] = "fails at once"
    except Exception:
        fates[name] = "is tried again"
fate("a day that is not ready", logical_date=datetime(2020, 1, 5, tzinfo=UTC), params={})
fate("no day at all", logical_date=None, params={})
fate("a day that is none", logical_date=None, params={"day": "2017-02-30"})
fate("a text for trials", logical_date=None, params={"day": "2017-08-29", "trials": "3"})
def failing(error):
    def tune(settings, order, tell, clock):
        raise error("no good")
    return tune
for name in ("UsageError", "WarehouseError", "SupersededError"):
    tuning.tune = failing(getattr(errors, name))
    fate(name, logical_date=None, params={"day": "2017-08-29"})
learnt = []
reranking = types.ModuleType("overture.reranking")
sys.modules["overture.reranking"] = reranking
class Learnt:
    reason = "because"
def train_ranker(settings, day):
    learnt.append(str(day))
    return Learnt
reranking.train_ranker = train_ranker
with DAG("another"):
    task = tasks.train_ranker().operator.python_callable
task(logical_date=datetime(2017, 8, 28, 8, tzinfo=UTC), params={"day": None})
task(logical_date=None, params={"day": "2017-08-29"})
def failing_to_learn(error):
    def train_ranker(settings, day):
        raise error("no good")
    return train_ranker
for name in ("UsageError", "WarehouseError", "SupersededError"):
    reranking.train_ranker = failing_to_learn(getattr(errors, name))
    fate(f"{name} of the ranker", logical_date=None, params={"day": "2017-08-29"})
with open(sys.argv[1], "w") as file:
    json.dump({"asked": asked, "fates": fates, "learnt": learnt}, file)
"""


@pytest.fixture
def tuning(bag: dict[str, Any]) -> dict[str, Any]:
    """The DAG."""
    return bag["dags"]["tune_factors"]  # type: ignore[no-any-return]


def test_factors_come_before_the_order_and_both_have_hours_and_are_tried_again(tuning: dict[str, Any]) -> None:
    assert list(tuning["tasks"]) == ["tune_factors", "train_ranker"]
    assert tuning["tasks"]["train_ranker"]["before"] == ["tune_factors"]
    for task in tuning["tasks"].values():
        assert task["timeout"] >= 3600
        assert task["retries"] >= 1
        assert task["owner"] == "overture"


def test_it_runs_weekly_never_overlaps_itself_and_never_catches_up(tuning: dict[str, Any]) -> None:
    assert tuning["schedule"] == "0 8 * * 1"
    assert tuning["max_active_runs"] == 1
    assert tuning["catchup"] is False
    assert set(tuning["params"]) == {"day", "trials", "minutes"}


def test_the_task_tunes_as_of_the_day_before_or_of_the_one_asked_for_and_says_what_cannot_be_tuned(
    tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    in_airflow(tmp_path / "home", TUNED, str(tmp_path / "answer.json"))
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["asked"] == [["2017-08-27", None, None], ["2017-08-29", 3, 5]]
    assert answer["fates"] == {
        "a day that is not ready": "is skipped",
        "no day at all": "fails at once",
        "a day that is none": "fails at once",
        "a text for trials": "fails at once",
        "UsageError": "fails at once",
        "WarehouseError": "is tried again",
        "SupersededError": "fails at once",
        "UsageError of the ranker": "fails at once",
        "WarehouseError of the ranker": "is tried again",
        "SupersededError of the ranker": "fails at once",
    }
    assert answer["learnt"] == ["2017-08-27", "2017-08-29"]
