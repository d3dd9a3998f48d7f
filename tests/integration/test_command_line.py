import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("overture")


def overture(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    environment = {**kept, "OVERTURE_HOME": str(home), **variables}
    return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--day", "2016-12-31"], "expected: 2017-01-01 to 2018-01-01; got: 2016-12-31"),
        (["run", "--airflow", "--day", "2018-01-02"], "expected: 2017-01-01 to 2018-01-01; got: 2018-01-02"),
        (["run", "--day", "2017-02-29"], "expected: YYYY-MM-DD; got: '2017-02-29'"),
        (["run", "--day", "2017-11-28", "--users", "0"], "where: --users; expected: a whole number above 0; got: '0'"),
        (["step", "conquer", "--day", "2017-11-28"], "no such step"),
        (["backfill", "--from", "2017-11-28", "--to", "2017-11-27"], "an empty range of days"),
        (
            ["backfill", "--from", "2017-11-27", "--to", "2017-11-28", "--at-a-time", "two"],
            "where: --at-a-time; expected",
        ),
        (["backfill", "--from", "2017-11-27", "--to", "2017-11-28", "--at-a-time", "17"], "expected: 1 to 16; got: 17"),
    ],
)
def test_a_wrong_request_ends_with_2_and_one_line_and_leaves_no_home(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    ended = overture(tmp_path / "home", *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("overture: ")
    assert said in ended.stderr
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = overture(tmp_path / "file" / "home", "query", "select 1")
    assert ended.returncode == 2
    assert f"the home cannot be written; where: {tmp_path / 'file' / 'home'}" in ended.stderr


def test_a_model_that_is_not_there_ends_with_2_before_an_engine_starts(tmp_path: Path) -> None:
    missing = tmp_path / "model"
    ended = overture(tmp_path / "home", "step", "prepare_model", "--day", "2017-11-28", OVERTURE_MODEL=str(missing))
    assert ended.returncode == 2
    assert f"no such model; where: {missing}" in ended.stderr


def test_an_unknown_option_and_a_missing_one_end_with_2(tmp_path: Path) -> None:
    assert overture(tmp_path / "home", "run").returncode == 2
    assert overture(tmp_path / "home", "run", "--tomorrow").returncode == 2


@pytest.mark.parametrize(("form", "shown"), [("csv", '"n"\n1\n'), ("json", '{"n": 1}\n')])
def test_a_query_answers_on_standard_output_in_the_asked_form(tmp_path: Path, form: str, shown: str) -> None:
    ended = overture(tmp_path / "home", "query", "select 1 as n", "--format", form)
    assert (ended.returncode, ended.stdout) == (0, shown)
