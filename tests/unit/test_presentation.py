import json

import pyarrow as pa
import pytest

from overture.presentation import as_csv, as_json, print_table

ROWS = pa.table({"text": ["a | b", 'say "hi"\n', None], "score": [0.1234567, 1.0, None]})


def test_csv_quotes_what_would_break_a_row() -> None:
    assert as_csv(ROWS) == '"text","score"\n"a | b",0.1234567\n"say ""hi""\n",1\n,\n'


def test_json_has_one_object_a_row() -> None:
    assert [json.loads(line)["text"] for line in as_json(ROWS).splitlines()] == ["a | b", 'say "hi"\n', None]


def test_a_printed_table_shows_control_characters_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(pa.table({"text": ["\x1b[31mred [bold]x[/bold]"]}))
    assert "\\x1b[31mred [bold]x[/bold]" in capsys.readouterr().out
