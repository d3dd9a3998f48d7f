import json
import stat
from pathlib import Path

from overture.orchestration.airflow_environment import airflow_environment
from overture.orchestration.credentials import credentials, passwords_file
from overture.settings import CHECKOUT, Settings


def environment_of(home: Path, **base: str) -> dict[str, str]:
    settings = Settings.from_environment({"OVERTURE_HOME": str(home)})
    return airflow_environment(settings, home / "postgres", "airflow", 8123, base=base)


def test_everything_that_airflow_writes_lies_below_the_home(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    places = ["AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]
    assert all(Path(environment[name]).is_relative_to(tmp_path / "home") for name in places)
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == str(CHECKOUT / "dags")
    assert environment["AIRFLOW__CORE__PLUGINS_FOLDER"] == str(CHECKOUT / "plugins")


def test_variables_of_another_airflow_do_not_reach_this_one(tmp_path: Path) -> None:
    environment = environment_of(
        tmp_path / "home",
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW_HOME="elsewhere",
        AIRFLOW_CONFIG="x",
        PATH="p",
    )
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environment["AIRFLOW_HOME"] == str(tmp_path / "home" / "airflow")
    assert "AIRFLOW_CONFIG" not in environment
    assert environment["PATH"] == "p"


def test_a_socket_folder_with_blanks_stays_one_part_of_the_address(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "a home & more")
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("/a%20home%20%26%20more/postgres")


def test_airflow_listens_on_this_machine_only_and_reports_to_nobody(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", no_proxy="example.org")
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert environment["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert environment["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert environment["NO_PROXY"] == "example.org,127.0.0.1,localhost"


def test_secrets_are_made_once_for_each_home_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first, again, other = (credentials(tmp_path / name) for name in ("one", "one", "two"))
    assert first == again
    assert len({first.password, first.jwt_secret, first.api_secret_key, other.password, other.jwt_secret}) == 5
    files = [path for path in (tmp_path / "one").iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert json.loads(passwords_file(tmp_path / "one").read_text()) == {"admin": first.password}
