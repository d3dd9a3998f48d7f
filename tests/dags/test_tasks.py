"""What a task tells Airflow when its step fails, and when a run may begin."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RAISED = """
import json, sys, types
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from overture import errors
from overture.orchestration import tasks

steps = types.ModuleType("overture.steps")
sys.modules["overture.steps"] = steps
import overture
overture.steps = steps

answers = {}
with DAG("any"):
    callable = tasks.step("land_day").operator.python_callable
for name in json.loads(sys.argv[2]):
    def perform(*arguments, **options):
        raise getattr(errors, name)("no good", where="here")
    steps.perform = perform
    try:
        callable(partition_key="2017-11-28", run_id="backfill__x")
    except AirflowFailException as error:
        answers[name] = ["fails at once", str(error)]
    except Exception as error:
        answers[name] = ["is tried again", str(error)]
with open(sys.argv[1], "w") as file:
    json.dump(answers, file)
"""

MAY_BEGIN = """
import json, sys
from datetime import UTC, datetime, timedelta
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from overture.orchestration import tasks

class Clock(datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.fromisoformat(cls.moment)

tasks.datetime = Clock
def answer(now, context):
    Clock.moment = now
    try:
        return tasks._may_begin(**context)
    except AirflowSkipException as error:
        return "skipped"
    except AirflowFailException as error:
        return "failed"

with open(sys.argv[1], "w") as file:
    json.dump({name: answer(*case) for name, case in json.loads(sys.argv[2]).items()}, file)
"""

POINTLESS = ["InputError", "MissingFileError", "SchemaError", "DayRangeError", "ModelError", "HomeError", "GateError"]
POINTLESS += ["SupersededError"]
HOPEFUL = ["LockTimeoutError", "ConflictError", "WarehouseError", "TransformError", "CopyEngineError"]


def test_only_failures_that_may_pass_are_tried_again(tmp_path: Path, in_airflow: Callable[..., None]) -> None:
    in_airflow(tmp_path / "home", RAISED, str(tmp_path / "answers.json"), json.dumps([*POINTLESS, *HOPEFUL]))
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert {name for name, (fate, _) in answers.items() if fate == "fails at once"} == set(POINTLESS)
    assert {message for _, message in answers.values()} == {"no good; where: here"}


CASES: dict[str, tuple[str, dict[str, Any], object]] = {
    "too early": ("2017-11-29T02:59:59+00:00", {"partition_key": "2017-11-28", "run_id": "scheduled__x"}, False),
    "in time": ("2017-11-29T03:00:00+00:00", {"partition_key": "2017-11-28", "run_id": "scheduled__x"}, True),
    "too early by hand": ("2017-11-28T12:00:00+00:00", {"partition_key": "2017-11-28", "run_id": "manual__x"}, False),
    "long past": ("2026-01-01T00:00:00+00:00", {"partition_key": "2017-11-28", "run_id": "backfill__x"}, True),
    "no data": ("2026-01-02T03:00:00+00:00", {"partition_key": "2026-01-01", "run_id": "scheduled__x"}, "skipped"),
    "no data by hand": ("2026-01-02T03:00:00+00:00", {"partition_key": "2026-01-01", "run_id": "manual__x"}, True),
    "no day": ("2026-01-02T03:00:00+00:00", {"partition_key": "2026-99-99", "run_id": "manual__x"}, "failed"),
    "misspelt": ("2026-01-02T03:00:00+00:00", {"partition_key": "2017-11-28", "params": {"usres": 3}}, "failed"),
}


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory: pytest.TempPathFactory, in_airflow: Callable[..., None]) -> dict[str, object]:
    """What the waiting task answers in each case."""
    folder = tmp_path_factory.mktemp("beginnings")
    cases = {name: (now, context) for name, (now, context, _) in CASES.items()}
    in_airflow(folder / "home", MAY_BEGIN, str(folder / "answers.json"), json.dumps(cases))
    return json.loads((folder / "answers.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", CASES)
def test_a_run_begins_when_its_files_can_be_there(beginnings: dict[str, object], case: str) -> None:
    assert beginnings[case] == CASES[case][2]
