import dataclasses
import os
import sys
from pathlib import Path

import psutil
import pytest

from overture.orchestration import daemons
from overture.orchestration.daemons import Daemon

WAIT = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAIT!r}])"


def start(tmp_path: Path, program: str) -> Daemon:
    return daemons.launch("one", [sys.executable, "-c", program], dict(os.environ), tmp_path / "one.log")


def test_a_daemon_leads_a_session_of_its_own_and_is_known_by_its_note(tmp_path: Path) -> None:
    daemon = start(tmp_path, WAIT)
    daemons.note(tmp_path / "note.json", [daemon])
    assert os.getsid(daemon.pid) == daemon.pid
    assert daemons.load(tmp_path / "note.json") == [daemon]
    daemons.stop([daemon])
    assert daemons.load(tmp_path / "note.json") == []


def test_a_process_that_took_over_the_id_is_neither_alive_nor_stopped(tmp_path: Path) -> None:
    daemon = start(tmp_path, WAIT)
    former = dataclasses.replace(daemon, born=daemon.born - 1)
    daemons.stop([former])
    assert not daemons.is_alive(former)
    assert daemons.is_alive(daemon)
    daemons.stop([daemon])


def test_stopping_a_daemon_stops_what_it_has_started(tmp_path: Path) -> None:
    daemon = start(tmp_path, PARENT)
    while not (children := psutil.Process(daemon.pid).children()):
        pass
    daemons.stop([daemon], patience=1.0)
    assert not daemons.is_alive(daemon)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_a_daemon_that_ignores_the_request_is_ended(tmp_path: Path) -> None:
    daemon = start(tmp_path, STUBBORN)
    while "ready" not in (tmp_path / "one.log").read_text():
        pass
    daemons.stop([daemon], patience=0.3)
    assert not daemons.is_alive(daemon)


@pytest.mark.parametrize("note", ["", "{", "[1]", '[{"pid": 1}]', "[{}]"])
def test_a_damaged_note_counts_as_empty(tmp_path: Path, note: str) -> None:
    (tmp_path / "note.json").write_text(note)
    assert daemons.load(tmp_path / "note.json") == []
    assert daemons.load(tmp_path / "missing.json") == []
