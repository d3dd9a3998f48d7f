import json
import sys

import pyarrow as pa
import pytest

from overture.cli.options import MOST_ROWS, show
from overture.presentation import as_csv, as_json, as_markdown, print_table

ROWS = pa.table({"text": ["a | b", 'say "hi"\n', None], "score": [0.1234567, 1.0, None]})


def test_csv_quotes_what_would_break_a_row() -> None:
    assert as_csv(ROWS) == '"text","score"\n"a | b",0.1234567\n"say ""hi""\n",1\n,\n'


def test_json_has_one_object_a_row() -> None:
    assert [json.loads(line)["text"] for line in as_json(ROWS).splitlines()] == ["a | b", 'say "hi"\n', None]


def test_a_text_cannot_leave_its_cell_of_a_markdown_table() -> None:
    assert as_markdown(ROWS.slice(0, 1)) == "| text | score |\n| --- | --- |\n| a \\| b | 0.123457 |"
    hostile = pa.table({"text": ["<script>\n# x [a](b)"]})
    assert as_markdown(hostile).splitlines()[2] == "| \\<script\\>\\\\n\\# x \\[a\\]\\(b\\) |"


def test_a_printed_table_shows_control_characters_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(pa.table({"text": ["\x1b[31mred [bold]x[/bold]"]}))
    assert "\\x1b[31mred [bold]x[/bold]" in capsys.readouterr().out


def test_numbers_stand_below_each_other_by_their_last_digit(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(pa.table({"rank": [1, 100], "id": ["a", "bcd"]}))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("│")[1] for line in lines[3:5]] == ["    1 ", "  100 "]
    assert [line.split("│")[2] for line in lines[3:5]] == [" a   ", " bcd "]


def test_a_terminal_is_shown_the_first_rows_of_a_long_answer_and_a_pipe_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = pa.table({"n": list(range(MOST_ROWS + 7))})
    show(long, "table")
    assert f" {MOST_ROWS + 6} " in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show(long, "table")
    shown = capsys.readouterr()
    assert f" {MOST_ROWS - 1} " in shown.out
    assert f" {MOST_ROWS} " not in shown.out
    assert shown.err == "and 7 more rows: --format csv or a pipe shows all\n"
