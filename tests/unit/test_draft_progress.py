import io
import logging
import sys
from pathlib import Path

import pytest

from overture.adapters.copy_engine.progress import DraftProgress
from overture.adapters.worker_process import run_to_end


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def made_in_ten_seconds(terminal: io.StringIO) -> str:
    clock = Clock()
    with DraftProgress(terminal, 100, clock) as progress:
        progress.say("starting [red]vLLM[/red]")
        for second in range(1, 11):
            clock.seconds = float(second)
            progress.show(10 * second, 10 * second, 500 * second)
    return terminal.getvalue()


def test_a_log_gets_a_finished_line_now_and_then_and_the_last() -> None:
    assert made_in_ten_seconds(io.StringIO()).splitlines() == [
        "write_copy: starting [red]vLLM[/red]",
        "write_copy: 50/100 drafts, 10.0 drafts/s, 500 tokens/s, 0:05 left",
        "write_copy: 100/100 drafts, 10.0 drafts/s, 500 tokens/s",
    ]


def test_a_terminal_gets_a_bar_and_no_line_for_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    shown = made_in_ten_seconds(Terminal())
    assert "━" in shown
    assert "100/100 drafts, 10.0 drafts/s, 500 tokens/s" in shown
    assert "write_copy: 50/100" not in shown


def test_drafts_that_others_made_do_not_count_as_speed() -> None:
    clock, log = Clock(), io.StringIO()
    with DraftProgress(log, 100, clock) as progress:
        clock.seconds = 10.0
        progress.show(80, 20, 1000)
    assert log.getvalue() == "write_copy: 80/100 drafts, 2.0 drafts/s, 100 tokens/s, 0:10 left\n"


def test_what_a_worker_says_is_logged_where_logs_are_read_and_shown_elsewhere(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for is_read in (True, False):
        with caplog.at_level(logging.INFO if is_read else logging.WARNING, "overture.progress"):
            code, said = run_to_end(Path(sys.executable), "json.tool", ["no-such-file"])
        assert (code, said) == (2, [])
        assert ("no-such-file" in caplog.text) is is_read
        assert ("no-such-file" in capfd.readouterr().err) is not is_read
        caplog.clear()
