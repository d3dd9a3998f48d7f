import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_lineage_goes_into_a_file_below_the_home_by_default(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    place = json.loads(environment["AIRFLOW__OPENLINEAGE__TRANSPORT"])
    assert (place["type"], place["append"]) == ("file", True)
    assert Path(place["log_file_path"]).parent == tmp_path / "home" / "lineage"
    assert Path(place["log_file_path"]).parent.is_dir()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRFLOW__OPENLINEAGE__TRANSPORT", '{"type": "console"}'),
        ("AIRFLOW__OPENLINEAGE__TRANSPORT_CMD", "print-transport"),
        ("AIRFLOW__OPENLINEAGE__CONFIG_PATH", "openlineage.yml"),
        ("OPENLINEAGE_URL", "http://marquez.example:5000"),
        ("OPENLINEAGE__TRANSPORT__TYPE", "console"),
    ],
)
def test_who_says_where_lineage_goes_is_heeded(tmp_path: Path, name: str, value: str) -> None:
    environment = environment_of(tmp_path / "home", **{name: value})
    assert environment[name] == value
    destinations = {other for other in environment if "OPENLINEAGE" in other and "TRANSPORT" in other} - {name}
    assert destinations == set()
    assert environment["AIRFLOW__OPENLINEAGE__EXTRACTORS"] == "overture.orchestration.lineage.StepExtractor"


def test_another_name_for_the_shop_s_jobs_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", AIRFLOW__OPENLINEAGE__NAMESPACE="shop")
    assert environment["AIRFLOW__OPENLINEAGE__NAMESPACE"] == "shop"
    assert json.loads(environment["AIRFLOW__OPENLINEAGE__TRANSPORT"])["type"] == "file"


BEAT = """
from airflow._shared.observability.metrics import stats
from airflow.observability.metrics import stats_utils

stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)  # as the scheduler does
stats.incr("scheduler_heartbeat", 1, 1)
"""


def test_metrics_that_airflow_is_told_to_send_reach_their_receiver(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        own = {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(receiver.getsockname()[1]),
        }
        settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home")})
        environment = airflow_environment(settings, tmp_path, "none", base=os.environ | own)
        subprocess.run([sys.executable, "-c", BEAT], env=environment, check=True)
        # Airflow's start sends others before it.
        assert any(receiver.recv(4096) == b"airflow.scheduler_heartbeat:1|c" for _ in range(50))


@pytest.mark.parametrize(
    "name", ["AIRFLOW__METRICS__OTEL_ON", "OTEL_EXPORTER_OTLP_ENDPOINT", "AIRFLOW__TRACES__OTEL_ON"]
)
def test_what_open_telemetry_is_told_reaches_airflow(tmp_path: Path, name: str) -> None:
    assert environment_of(tmp_path / "home", **{name: "x"})[name] == "x"
