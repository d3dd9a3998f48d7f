"""The task that shows a person a sample of the day's messages and waits for an answer, where one is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowFailException

from overture.core.approval import (
    APPROVE,
    PUBLISH,
    REJECT,
    WHY,
    WITHHOLD,
    Sampled,
    answer_of,
    decision_field,
    draft_field,
)
from overture.errors import GateError, InputError, SupersededError
from overture.orchestration.data_day import RunRequest, read_request
from overture.settings import Settings

TASK_ID = "await_approval"
PATIENCE = timedelta(hours=12)
"""How long a day waits for a person; without an answer it fails, and nothing of it is published."""

ABOUT = """
Where `[approval]` of `copy.toml`, or the run's own `approve`, asks for it: wait until a person has seen some of the
day's messages. A rejected draft is recalled, an edited one is used in its place, and the messages are judged again.
"""


class ApprovalOperator(HITLOperator):  # type: ignore[misc]
    """Asks a person about the day's messages; asks nobody where none are to be shown.

    What is shown comes from the shop's files and is never a template: it is no template field, and is made only when
    the task runs.
    """

    template_fields = ()

    def execute(self, context: Any) -> None:
        """Show the sample and wait, holding no worker; return at once where there is nothing to show."""
        request = _request(context)
        sample = _sample(request)
        if not sample:
            return
        from overture.approving import as_page

        self.subject = f"May the messages of {request.day} be published?"
        self.body = as_page(request.day, sample)
        self.params = ParamsDict(fields_of(sample))
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Do what was answered, and hand nothing on; fail at once without an answer."""
        request = _request(context)
        if "error" in event:
            reason = f"nobody has said within {self.response_timeout} whether the messages may be published"
            raise AirflowFailException(f"{reason}; nothing of {request.day} is")
        from overture.approving import decide
        from overture.run import Joining

        try:
            answer = answer_of(
                _sample(request), event["chosen_options"], event["params_input"] or {}, _name(event), _time(event)
            )
            joining = Joining(str(context["run_id"]), request.users)
            decide(Settings.from_environment(), request.day, joining, answer)
        except (InputError, GateError, SupersededError) as error:
            raise AirflowFailException(str(error)) from error


def await_approval() -> ApprovalOperator:
    """Return the task; default arguments are the DAG's."""
    return ApprovalOperator(
        task_id=TASK_ID,
        subject="May the messages be published?",
        options=[PUBLISH, WITHHOLD],
        response_timeout=PATIENCE,
        doc_md=ABOUT,
        do_xcom_push=False,
    )


def fields_of(sample: list[Sampled]) -> dict[str, Param]:
    """Return the form: for each message whether it is let pass and, where it has one, its draft; and why."""
    found = {}
    for place, message in enumerate(sample):
        found[decision_field(place)] = Param(APPROVE, enum=[APPROVE, REJECT], title=f"Message {place + 1}")
        if message.draft is not None:
            title = f"Draft of message {place + 1}, slots open"
            found[draft_field(place)] = Param(message.draft, type="string", maxLength=500, title=title)
    found[WHY] = Param(None, type=["null", "string"], maxLength=500, title="Why, where something is rejected")
    return found


def _request(context: Any) -> RunRequest:
    try:
        # The run's own parameters: those of the task are the form's.
        asked = context["dag_run"].conf or {}
        return read_request(context.get("partition_key"), context.get("logical_date"), asked)
    except InputError as error:
        raise AirflowFailException(str(error)) from error


def _sample(request: RunRequest) -> list[Sampled]:
    from overture.approving import sampled

    return sampled(Settings.from_environment(), request.day, request.approve)


def _name(event: dict[str, Any]) -> str:
    responded = event.get("responded_by_user") or {}
    name = responded.get("name") if isinstance(responded, dict) else getattr(responded, "name", None)
    return str(name or "unknown")


def _time(event: dict[str, Any]) -> datetime:
    at = event["responded_at"]
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(UTC).replace(tzinfo=None)
