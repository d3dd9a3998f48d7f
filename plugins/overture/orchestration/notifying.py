"""Tells people of a failed task by mail: off until Airflow has a connection that says how and to whom."""

from collections.abc import Mapping
from html import escape
from typing import Any

from overture.presentation import visible

CONNECTION = "overture_mail"
"""An SMTP connection of Airflow. Its extra holds `from_email` and `to`, an address or several with commas between."""


def tell_failure(context: Mapping[str, Any]) -> None:
    """Mail the sentence of a failed task, such as the gate's own, and a link to its log.

    Airflow calls it after the last try. Without the connection nothing is sent; raises what the mail server says.
    """
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        extra = BaseHook.get_connection(CONNECTION).extra_dejson
    except AirflowNotFoundException:
        return
    task = context["ti"]
    subject, html = _mail(task, visible(context.get("exception") or "no reason was given"))
    to = [address.strip() for address in str(extra["to"]).split(",")]
    # `notify` renders nothing that is given: the sentence may quote a shop's text, which is data and no template.
    notifier = SmtpNotifier(
        to=to, from_email=extra["from_email"], subject=subject, html_content=html, smtp_conn_id=CONNECTION
    )
    notifier.notify(context)


def _mail(task: Any, sentence: str) -> tuple[str, str]:
    subject = visible(f"Overture: {task.task_id} failed in {task.run_id}")
    link = escape(task.log_url)
    return subject, f'<p>{escape(sentence)}</p>\n<p><a href="{link}">{link}</a></p>\n'
