"""Airflow's whole configuration, as environment variables computed in this one place."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from overture.orchestration.credentials import USER, credentials, passwords_file
from overture.settings import CHECKOUT, Settings

HOST = "127.0.0.1"

PEOPLE_S_OWN = ("AIRFLOW__OPENLINEAGE__", "AIRFLOW__METRICS__", "AIRFLOW__TRACES__")
"""Variables of Airflow that are the caller's to set: where events of lineage, metrics and traces go."""

DESTINATIONS = (
    "AIRFLOW__OPENLINEAGE__TRANSPORT",
    "AIRFLOW__OPENLINEAGE__CONFIG_PATH",
    "AIRFLOW__OPENLINEAGE__CONFIG_CONN_ID",
    "OPENLINEAGE__TRANSPORT",
    "OPENLINEAGE_CONFIG",
    "OPENLINEAGE_URL",
)
"""Variables, or how they begin, by which a caller says where events of lineage go."""


def airflow_environment(
    settings: Settings, socket: Path, database: str, port: int = 0, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment for every Airflow process of this home.

    `socket` is the folder of the embedded server's Unix socket, `database` the name of Airflow's database there, `port`
    where its API server listens (0 for a run without one). Airflow variables of the caller's own environment (`base`,
    default that of this process) are left out, so that two homes, or another Airflow, never touch each other; but for
    those that say where lineage, metrics and traces go, which stand above ours.
    """
    inherited = os.environ if base is None else base
    kept = {name: value for name, value in inherited.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW"))}
    return {
        **kept,
        **_overture(settings),
        **_places(settings),
        **_database(socket, database),
        **_server(settings, port),
        **_quiet(kept),
        **_lineage(settings, inherited),
    }


def _overture(settings: Settings) -> dict[str, str]:
    # The tasks read exactly these settings again, whatever the environment was that Airflow started from.
    return {
        "OVERTURE_HOME": str(settings.home),
        "OVERTURE_SOURCE": str(settings.source),
        "OVERTURE_CATALOG": settings.catalog or "",
        "OVERTURE_MODEL": settings.model or "",
        "OVERTURE_COPY_PYTHON": str(settings.copy_python),
        "OVERTURE_SEQUENCE_PYTHON": str(settings.sequence_python),
        "OVERTURE_MEMORY_LIMIT": settings.memory_limit,
        "OVERTURE_THREADS": str(settings.threads),
    }


def _places(settings: Settings) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(settings.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.airflow / "logs"),
        "AIRFLOW__DAG_PROCESSOR__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(
            settings.airflow / "logs" / "dag_processor"
        ),
        # Who waits how long for the lake's lock stands in each task's log.
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "overture=DEBUG",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "TZ": "UTC",
    }


def _database(socket: Path, database: str) -> dict[str, str]:
    tail = f"postgres@/{database}?host={quote(str(socket), safe='/')}"
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{tail}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{tail}",
    }


def _server(settings: Settings, port: int) -> dict[str, str]:
    kept = credentials(settings.airflow)
    address = f"http://{HOST}:{port}"
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # One task for the language model, one that writes the lake, one that does neither.
        "AIRFLOW__CORE__PARALLELISM": str(max(3, (os.cpu_count() or 1) + 1)),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # A backfill of a paused DAG would wait for ever.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings.airflow)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": kept.api_secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": kept.jwt_secret,
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    }


def _lineage(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Have events of lineage appended to a file below the home, unless the caller has them sent elsewhere."""
    ours = {
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "overture",
        "AIRFLOW__OPENLINEAGE__EXTRACTORS": "overture.orchestration.lineage.StepExtractor",
        # The provider would fork the task's process, whose libraries have threads, for each event.
        "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
    }
    if not any(value and name.startswith(DESTINATIONS) for name, value in inherited.items()):
        settings.lineage.mkdir(parents=True, exist_ok=True)
        place = {"type": "file", "log_file_path": str(settings.lineage / "events.jsonl"), "append": True}
        ours["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(place)
    return ours | {name: value for name, value in inherited.items() if name.startswith(PEOPLE_S_OWN)}


def _quiet(kept: Mapping[str, str]) -> dict[str, str]:
    # Nothing is reported to anyone, and tasks reach the API server without a proxy.
    direct = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST, "localhost"]))
    return {
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "False",
        "DO_NOT_TRACK": "1",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
