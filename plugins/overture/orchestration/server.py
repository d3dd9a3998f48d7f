"""Airflow for one home: started with its database server, watched, and stopped again."""

import dataclasses
import os
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from overture.adapters.catalog import AIRFLOW_DATABASE, Catalog, catalog_is_up, open_catalog
from overture.adapters.turns import turn
from overture.errors import OrchestrationError, OvertureError, UsageError
from overture.orchestration import daemons
from overture.orchestration.airflow_environment import HOST, airflow_environment
from overture.orchestration.api import Api
from overture.orchestration.credentials import USER, credentials
from overture.orchestration.daemons import Daemon
from overture.settings import Settings

DAG_ID = "daily_recommendations"

KEEPER = "catalog"
PARTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
"""Airflow's processes in the order they start: a task that is scheduled before the API server listens fails."""

USUAL_PORT = 8080
PATIENCE = 180.0


def up(settings: Settings, *, only_catalog: bool = False) -> str:
    """Start what does not run yet, wait until it serves, and return what a person needs to use it.

    Raises OrchestrationError, with the log's place, for a process that ends early or does not serve in time; what this
    call has started is then stopped again.
    """
    settings.ensure_home()
    with _turn(settings), open_catalog(_embedded(settings)) as catalog:
        running = _Running(settings, catalog)
        try:
            running.ensure(KEEPER, [sys.executable, "-c", "import signal; signal.pause()"], dict(os.environ))
            if only_catalog:
                return f"The catalog is up: {catalog.reader}"
            if not running.has(*PARTS):
                _start_airflow(settings, running, _socket(catalog))
        except BaseException:
            running.stop_new()
            raise
        return _how_to_log_in(settings)


def down(settings: Settings) -> str:
    """Stop every process of this home's Airflow and its database server; return what was stopped."""
    if not settings.home.exists():
        return "Nothing was running."
    with _turn(settings):
        stopped = daemons.load(_note(settings))
        daemons.stop(stopped)
        _note(settings).unlink(missing_ok=True)
        names = [daemon.name for daemon in stopped]
        embedded = _embedded(settings)
        if catalog_is_up(embedded):
            with open_catalog(embedded):
                """The last one to close the catalog stops its server."""
            names.append(
                "database server (no: somebody still uses it)" if catalog_is_up(embedded) else "database server"
            )
    return f"Stopped: {', '.join(names)}." if names else "Nothing was running."


def processes(settings: Settings) -> dict[str, int | bool | None]:
    """Return each daemon's process id, None for one that is stopped, and whether the database server runs."""
    running = {daemon.name: daemon.pid for daemon in daemons.load(_note(settings))}
    return {name: running.get(name) for name in PARTS} | {"database server": catalog_is_up(_embedded(settings))}


def status(settings: Settings) -> str:
    """Return a line for each process: whether it runs, and where people log in."""
    found = processes(settings)
    lines = [f"{name}: {f'runs as process {found[name]}' if found[name] else 'stopped'}" for name in PARTS]
    lines.append(f"database server: {'runs' if found['database server'] else 'stopped'}")
    if found["api-server"]:
        lines.append(_how_to_log_in(settings))
    return "\n".join(lines)


def connect(settings: Settings) -> Api:
    """Return a client of this home's running API server; raise UsageError when Airflow is not up."""
    if not any(daemon.name == "api-server" for daemon in daemons.load(_note(settings))):
        raise UsageError("Airflow is not up", where=settings.home, expected="overture up")
    return Api(_port(settings), credentials(settings.airflow).password)


def airflow(settings: Settings, arguments: list[str]) -> int:
    """Call Airflow's own command line in this home's environment; return its exit code."""
    with open_catalog(_embedded(settings)) as catalog:
        environment = airflow_environment(settings, _socket(catalog), AIRFLOW_DATABASE, _port(settings))
        command = [sys.executable, "-m", "airflow", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


class _Running:
    """The daemons of one home: those that were there, and those that this call adds."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings, self._lease = settings, catalog.lease
        self._old = daemons.load(_note(settings))
        self._new: list[Daemon] = []

    def has(self, *names: str) -> bool:
        """Say whether all of them run."""
        return set(names) <= {daemon.name for daemon in self._all() if daemons.is_alive(daemon)}

    def ensure(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Start the daemon unless it runs; every daemon holds the database server's lease."""
        if not self.has(name):
            keep_open = () if self._lease is None else (self._lease,)
            self._new.append(daemons.launch(name, command, environment, _log(self._settings, name), keep_open))
            daemons.note(_note(self._settings), self._all())

    def drop(self, name: str) -> None:
        """Stop the daemons of that name."""
        daemons.stop([daemon for daemon in self._all() if daemon.name == name])
        self._old = [daemon for daemon in self._old if daemon.name != name]
        self._new = [daemon for daemon in self._new if daemon.name != name]

    def stop_new(self) -> None:
        """Stop what this call has started."""
        daemons.stop(self._new)
        daemons.note(_note(self._settings), self._old)

    def _all(self) -> list[Daemon]:
        return [*self._old, *self._new]


def _start_airflow(settings: Settings, running: _Running, socket: Path) -> None:
    for part in PARTS:
        running.drop(part)
    _prepare_database(settings, airflow_environment(settings, socket, AIRFLOW_DATABASE))
    environment = _start_api_server(settings, running, socket)
    for part, arguments in PARTS.items():
        running.ensure(part, [sys.executable, "-m", "airflow", *arguments], environment)
    api = connect(settings)
    _wait(
        settings, running, tuple(PARTS), lambda: _is_healthy(api) and (_knows_the_dag(api) or _import_error(api) != "")
    )
    if not _knows_the_dag(api):
        raise OrchestrationError("the DAG cannot be read", where=DAG_ID, got=_import_error(api))


def _prepare_database(settings: Settings, environment: dict[str, str]) -> None:
    log = _log(settings, "database")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "overture.orchestration.database"]
    with log.open("ab") as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)  # noqa: S603
    if done.returncode:
        raise OrchestrationError("Airflow's database cannot be prepared", where=log, got=_last_line(log))


def _start_api_server(settings: Settings, running: _Running, socket: Path) -> dict[str, str]:
    """Start it on the last port, the usual one or any free one, and return the environment that names the port."""
    failure: OvertureError | None = None
    for port in (_port(settings), _free_port(), _free_port()):
        if not _is_free(port):
            continue
        _port_file(settings).write_text(str(port), encoding="ascii")
        environment = airflow_environment(settings, socket, AIRFLOW_DATABASE, port)
        running.ensure("api-server", [sys.executable, "-m", "airflow", *PARTS["api-server"]], environment)
        try:
            _wait(settings, running, ("api-server",), lambda: bool(connect(settings)))
        except OrchestrationError as error:
            failure = error
            running.drop("api-server")
        else:
            return environment
    raise failure or OrchestrationError("no free port", where=HOST)


def _wait(settings: Settings, running: _Running, parts: tuple[str, ...], serves: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        for part in parts:
            if not running.has(part):
                log = _log(settings, part)
                raise OrchestrationError(f"Airflow's {part} ended early", where=log, got=_last_line(log))
        try:
            if serves():
                return
        except OvertureError as error:
            reason: object = error
        else:
            reason = "no heartbeat or no DAG yet"
        if time.monotonic() > end:
            raise OrchestrationError("Airflow does not serve", where=settings.airflow / "logs", got=reason)
        time.sleep(0.2)


def _is_healthy(api: Api) -> bool:
    health = api.call("GET", "/api/v2/monitor/health")
    return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def _knows_the_dag(api: Api) -> bool:
    return bool(api.call("GET", f"/api/v2/dags?dag_id_pattern={DAG_ID}")["dags"])


def _import_error(api: Api) -> str:
    """Return the last line of why a DAG file cannot be read; empty when all can, or none has been tried yet."""
    errors = api.call("GET", "/api/v2/importErrors?limit=1")["import_errors"]
    return str(errors[0]["stack_trace"]).strip().split("\n")[-1] if errors else ""


def _how_to_log_in(settings: Settings) -> str:
    password = credentials(settings.airflow).password
    return f"Airflow is up: http://{HOST}:{_port(settings)}  user: {USER}  password: {password}"


def _embedded(settings: Settings) -> Settings:
    """Return the settings under which the catalog is the home's own server, where Airflow's database always lies."""
    return dataclasses.replace(settings, catalog=None)


def _socket(catalog: Catalog) -> Path:
    if catalog.socket is None:
        raise OrchestrationError("no embedded database server", expected="a Unix socket")
    return catalog.socket


def _note(settings: Settings) -> Path:
    return settings.airflow / "daemons.json"


def _log(settings: Settings, name: str) -> Path:
    return settings.airflow / "logs" / f"{name}.log"


def _port_file(settings: Settings) -> Path:
    return settings.airflow / "port"


def _port(settings: Settings) -> int:
    try:
        return int(_port_file(settings).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return USUAL_PORT


def _is_free(port: int) -> bool:
    with sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM) as probe:
        probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "no output")


def _turn(settings: Settings) -> AbstractContextManager[None]:
    """Let one process at a time start or stop this home's Airflow."""
    settings.airflow.mkdir(parents=True, exist_ok=True)
    return turn(settings.airflow / "server.turn")
