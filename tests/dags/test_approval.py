"""The task that waits for a person: what a shop writes is no template in it, and a day without an answer fails."""

import json
from collections.abc import Callable
from typing import Any

import pytest

PROGRAM = """
import json, sys
from types import SimpleNamespace
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from overture.core.approval import Sampled
from overture.orchestration.approval import await_approval, fields_of

sample = [
    Sampled("u", "i", "{{ 7*7 }}", None, "draft", "text", "d", "For a day, think of {title}.", []),
    Sampled("v", "i", "{{ 7*7 }}", None, "template", "text", None, None, []),
]
fields = {name: param.serialize() for name, param in fields_of(sample).items()}
with DAG("any"):
    task = await_approval()
task.subject = task.body = "{{ 7*7 }} {% raw %}"
task.render_template_fields({"dag_run": None})
found = {"subject": task.subject, "body": task.body, "options": task.options, "fields": fields}
context = {"dag_run": SimpleNamespace(conf={"day": "2017-11-28"}), "run_id": "manual__x"}
for name, given, event in (
    ("nobody answers", context, {"error": "x", "error_type": "timeout"}),
    ("no day", context | {"dag_run": SimpleNamespace(conf={"day": "2017-99-99"})}, {}),
):
    try:
        task.execute_complete(given, event)
    except AirflowFailException as error:
        found[name] = str(error)
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, in_airflow: Callable[..., None]) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("approval")
    in_airflow(folder / "home", PROGRAM, str(folder / "found.json"))
    return json.loads((folder / "found.json").read_text())  # type: ignore[no-any-return]


def test_nothing_that_is_shown_is_read_as_a_template(found: dict[str, Any]) -> None:
    assert found["subject"] == found["body"] == "{{ 7*7 }} {% raw %}"


def test_each_message_can_be_approved_or_rejected_and_each_draft_edited(found: dict[str, Any]) -> None:
    values = {name: field["value"] for name, field in found["fields"].items()}
    draft = "For a day, think of {title}."
    assert values == {"message_1": "approve", "draft_1": draft, "message_2": "approve", "why": None}
    assert found["options"] == ["Publish", "Publish nothing"]


def test_a_day_without_an_answer_fails_at_once_and_says_why(found: dict[str, Any]) -> None:
    assert found["nobody answers"] == (
        "nobody has said within 12:00:00 whether the messages may be published; nothing of 2017-11-28 is"
    )
    assert "2017-99-99" in found["no day"]
