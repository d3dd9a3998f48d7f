"""A task that failed for good is told by mail over a real SMTP server, and only where somebody asked for it."""

import email
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from html import escape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from overture.settings import CHECKOUT
from paper_model import make_paper_model

FAIL = """
import json, os, sys
from types import SimpleNamespace

given = json.loads(sys.argv[1])
if given["connection"]:
    os.environ["AIRFLOW_CONN_OVERTURE_MAIL"] = json.dumps(given["connection"])
from overture.errors import GateError
from overture.orchestration.tasks import DEFAULTS

task = SimpleNamespace(task_id="check_landed", run_id=given["run"], log_url="http://127.0.0.1:8080/dags/d/runs/r?a=1&b=2")
error = GateError("the gate refused", where="check_landed", expected="the_day_has_events", got=given["got"])
DEFAULTS["on_failure_callback"]({"ti": task, "exception": error})
"""

HOSTILE = "<img src=x onerror=alert(1)> {{ 7*7 }} \u202e\r\nBcc: all@else.example"


@dataclass
class Mailbox:
    """What a mail server has taken. port: where it listens."""

    port: int
    taken: list[tuple[list[str], Message]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        self.taken.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        box = Mailbox(free.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def connection(port: int) -> dict[str, Any]:
    plain = {"disable_ssl": True, "disable_tls": True}
    people = {"from_email": "overture@shop.example", "to": "a@shop.example, b@shop.example"}
    extra = plain | people
    return {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}


def fail(in_airflow: Callable[..., None], folder: Path, **given: Any) -> None:
    in_airflow(folder / "home", FAIL, json.dumps({"run": "r1", "got": "none", "connection": None} | given))


def test_the_gate_s_sentence_and_a_link_to_the_log_reach_everybody_named(
    mailbox: Mailbox, tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    fail(in_airflow, tmp_path, connection=connection(mailbox.port))
    [(to, mail)] = mailbox.taken
    assert to == ["a@shop.example", "b@shop.example"]
    assert (mail["from"], mail["subject"]) == ("overture@shop.example", "Overture: check_landed failed in r1")
    body = mail.get_body().get_content()
    assert "the gate refused; where: check_landed; expected: the_day_has_events; got: none" in body
    assert 'href="http://127.0.0.1:8080/dags/d/runs/r?a=1&amp;b=2"' in body


def test_a_shop_s_text_in_the_sentence_is_text_in_the_mail(
    mailbox: Mailbox, tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    fail(in_airflow, tmp_path, connection=connection(mailbox.port), got=HOSTILE, run=HOSTILE)
    [(to, mail)] = mailbox.taken
    assert to == ["a@shop.example", "b@shop.example"]
    assert mail["bcc"] is None
    body = mail.get_body().get_content()
    assert "&lt;img src=x onerror=alert(1)&gt; {{ 7*7 }} \\u202e\\r\\nBcc" in body
    assert "<img" not in body


def test_without_a_connection_nothing_is_sent_and_nothing_fails(
    mailbox: Mailbox, tmp_path: Path, in_airflow: Callable[..., None]
) -> None:
    fail(in_airflow, tmp_path)
    assert mailbox.taken == []


@pytest.mark.slow
def test_a_task_of_a_real_run_whose_files_are_missing_is_told_once_with_the_error_that_the_run_ends_with(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    environment = os.environ | {
        "OVERTURE_HOME": str(tmp_path / "home"),
        "OVERTURE_SOURCE": str(CHECKOUT / "scripts" / "example_shop.toml"),
        "OVERTURE_MODEL": str(make_paper_model(tmp_path / "paper")),
        "AIRFLOW_CONN_OVERTURE_MAIL": json.dumps(connection(mailbox.port)),
    }
    command = [str(Path(sys.executable).with_name("overture")), "run", "--airflow", "--day", "2025-03-01"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    [(_, mail)] = mailbox.taken
    assert mail["subject"].startswith("Overture: land_day failed in ")
    sentence = ended.stderr.splitlines()[-1].removeprefix("overture: ")
    assert "events.jsonl" in sentence
    assert escape(sentence) in mail.get_body().get_content()
