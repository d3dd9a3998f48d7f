import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import explained_day
from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import open_warehouse
from overture.cli import cli
from overture.settings import Settings

COMMAND = Path(sys.executable).with_name("overture")


def overture(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    environment = {**kept, "OVERTURE_HOME": str(home), **variables}
    return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a published day; its server is kept up."""
    home = tmp_path_factory.mktemp("published") / "home"
    settings = Settings.from_environment({"OVERTURE_HOME": str(home)})
    with open_catalog(settings):
        with open_warehouse(settings) as lake:
            explained_day.put_day(lake)
        yield home


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


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nme from marts.messages", 'Referenced column "nme" not found in FROM clause! Candidate bindings: '),
        ("select * from marts.mesages", 'Did you mean "messages"?'),
        ("delete from marts.messages", "not a query; where: overture query; expected: one statement that only reads"),
        ("selec 1", "the query does not run; where: overture query; got: syntax error"),
    ],
)
def test_a_query_that_cannot_be_answered_says_in_one_line_what_would_help(published: Path, sql: str, said: str) -> None:
    ended = overture(published, "query", sql)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--user", "ana", "--day", "2017-11-28"], 0, "Why ana got this text on 2017-11-28"),
        (["--user", "ben", "--day", "2017-11-28"], 0, "Why ben got no text on 2017-11-28"),
        (["--user", "zoe", "--day", "2017-11-28"], 2, "overture: no such user; where: marts.audience 2017-11-28"),
        (["--user", "ana", "--day", "2017-12-24"], 2, "overture: this day was not run; where: 2017-12-24"),
        (["--user", "ana", "--day", "someday"], 2, "overture: no such day; expected: YYYY-MM-DD"),
    ],
)
def test_explain_answers_about_readers_whom_the_day_knows(
    published: Path, arguments: list[str], code: int, said: str
) -> None:
    ended = overture(published, "explain", *arguments)
    assert ended.returncode == code
    assert (ended.stderr if code else ended.stdout).startswith(said)


def test_explain_gives_programs_one_object(published: Path) -> None:
    told = json.loads(overture(published, "explain", "--user", "ana", "--day", "2017-11-28", "--json").stdout)
    assert (told["user_id"], told["outcome"], told["reason"]) == ("ana", "sent", None)


def test_export_prints_the_file_on_standard_output_and_counts_on_standard_error(
    published: Path, tmp_path: Path
) -> None:
    ended = overture(published, "export", "--table", "messages", "--day", "2017-11-28", "--to", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, f"{tmp_path / 'messages_2017-11-28.csv'}\n")
    assert ended.stderr.startswith("1 rows of messages 2017-11-28, run ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_a_shell_reads(tmp_path: Path, shell: str) -> None:
    ended = overture(tmp_path / "home", "completion", shell)
    assert ended.returncode == 0
    assert f"_OVERTURE_COMPLETE={shell}_complete" in ended.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("overture exp", {"plain,explain", "plain,export"}),
        ("overture step check_me", {"plain,check_messages"}),
        ("overture export --table recommendation_", {"plain,recommendation_reasons"}),
        ("overture explain --day 2017-", {"plain,2017-11-28"}),
        ("overture query 'select * from marts.recommendation_", {"plain,select * from marts.recommendation_reasons"}),
        (
            "overture query 'select m.rung from marts.messages as m order by m.refu",
            {"plain,select m.rung from marts.messages as m order by m.refusal"},
        ),
        ("overture query 'select text", set()),
    ],
)
def test_a_shell_is_offered_commands_steps_tables_columns_and_days(
    published: Path, typed: str, offered: set[str]
) -> None:
    (published / "reports" / "2017-11-28").mkdir(parents=True, exist_ok=True)
    last = typed.count(" ", 0, typed.find("'") + 1 or None)
    asked = {"_OVERTURE_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(last)}
    assert set(filter(None, overture(published, **asked).stdout.splitlines())) == offered


def test_status_gives_programs_one_object_and_starts_nothing(tmp_path: Path) -> None:
    ended = overture(tmp_path / "home", "status", "--json")
    told = json.loads(ended.stdout)
    assert told == {"api-server": None, "scheduler": None, "dag-processor": None, "database server": False}


def test_an_error_that_nobody_foresaw_is_one_line_that_says_where_and_how_to_see_more(published: Path) -> None:
    asked = ["fingerprint", "--day", "2017-11-28"]  # of all tables; this lake lacks some
    ended = overture(published, *asked)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("overture: an unexpected error; where: ")
    assert "warehouse/connection.py:" in ended.stderr
    assert "got: CatalogException: Catalog Error: Table with name" in ended.stderr
    assert overture(published, "--traceback", *asked).stderr.startswith("Traceback (most recent call last):")


def test_a_reader_who_has_seen_enough_is_no_error(published: Path) -> None:
    command = [COMMAND, "query", "select * from range(1000000)", "--format", "csv"]
    environment = {**os.environ, "OVERTURE_HOME": str(published)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        assert asked.stdout.readline() == b'"range"\n'
        asked.stdout.close()
        assert asked.stderr.read() == b""


def test_help_shows_commands_by_purpose(tmp_path: Path) -> None:
    shown = overture(tmp_path / "home", "--help").stdout
    titles = [line for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Options:", "Make days:", "Messages:", "Tables:", "Learn:", "Services:"]
    assert all(f"  {name} " in shown for name in cli.commands)
