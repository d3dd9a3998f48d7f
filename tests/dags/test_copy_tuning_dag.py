"""The DAG that tunes the copy model as Airflow sees it, and what its task tells Airflow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TUNED = """
import json, sys, types
from datetime import UTC, datetime
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from overture import errors
from overture.orchestration import tuning as tasks

asked, fates = [], {}
tuning = types.ModuleType("overture.copy_tuning")
sys.modules["overture.copy_tuning"] = tuning
class Order:
    def __init__(self, *given):
        self.given = [str(given[0]), *given[1:]]
tuning.Order = Order
tuning.not_ready = lambda settings, day: "no run" if str(day) == "2020-01-04" else None
class Tuned:
    folder = "somewhere"
def tune(settings, order, tell):
    asked.append(order.given)
    return Tuned
tuning.tune = tune
with DAG("any"):
    task = tasks.tune_copy_model().operator.python_callable
task(logical_date=datetime(2017, 8, 28, 16, tzinfo=UTC), params={"day": None, "minutes": None})
task(logical_date=None, params={"day": "2017-08-29", "minutes": 5})
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
fate("a text for minutes", logical_date=None, params={"day": "2017-08-29", "minutes": "3"})
def failing(error):
    def tune(settings, order, tell):
        raise error("no good")
    return tune
for name in ("UsageError", "ModelError", "CopyEngineError", "SupersededError"):
    tuning.tune = failing(getattr(errors, name))
    fate(name, logical_date=None, params={"day": "2017-08-29"})
with open(sys.argv[1], "w") as file:
    json.dump({"asked": asked, "fates": fates}, file)
"""


def test_it_runs_weekly_after_the_other_tuning_never_overlaps_itself_and_never_catches_up(bag: dict[str, Any]) -> None:
    dag = bag["dags"]["tune_copy_model"]
    assert dag["schedule"] == "0 16 * * 1"
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert set(dag["params"]) == {"day", "minutes"}
    assert list(dag["tasks"]) == ["tune_copy_model"]
    assert dag["tasks"]["tune_copy_model"]["timeout"] >= 3600


def test_the_task_tunes_as_of_the_day_before_or_of_the_one_asked_for_and_says_what_cannot_be_tuned(
    tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    in_airflow(tmp_path / "home", TUNED, str(tmp_path / "answer.json"))
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["asked"] == [["2017-08-27", None], ["2017-08-29", 5]]
    assert answer["fates"] == {
        "a day that is not ready": "is skipped",
        "a text for minutes": "fails at once",
        "UsageError": "fails at once",
        "ModelError": "fails at once",
        "CopyEngineError": "is tried again",
        "SupersededError": "fails at once",
    }
