"""Debian's PostgreSQL 15, started for a proof on loopback with a password, and gone afterwards."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg2

PLACES = (Path("/"), Path(__file__).resolve().parents[1] / ".postgresql-15")
"""Roots of what Debian 12's package holds: installed, or unpacked by `scripts/debian_postgresql`."""

BINARIES, LIBRARIES = "usr/lib/postgresql/15/bin", "usr/lib/x86_64-linux-gnu"

UNPRIVILEGED = "nobody"
"""Who runs the server where we are root: PostgreSQL refuses to."""

HOST, USER, DATABASE = "127.0.0.1", "overture", "postgres"


@dataclass(frozen=True)
class Server:
    """A running server. port: on loopback. password: of its only user."""

    port: int
    password: str

    def database(self) -> str:
        """Make a new, empty database and return its libpq connection string, password and all."""
        name = f"lake_{uuid4().hex}"
        session = psycopg2.connect(self.address(DATABASE))
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(f"create database {name}")
        session.close()
        return self.address(name)

    def address(self, database: str) -> str:
        """Return the libpq connection string of a database."""
        return f"host={HOST} port={self.port} user={USER} password={self.password} dbname={database}"


@contextmanager
def debian_server() -> Iterator[Server]:
    """Give a server of version 15 with an empty data folder; stop it and remove the folder in the end.

    Raises FileNotFoundError where the package is not installed, RuntimeError when the server does not start.
    """
    # Not below a test's own folder: only its owner may enter that, and the owner may be root.
    folder = Path(tempfile.mkdtemp(prefix="overture-postgresql-"))
    server = Server(_free_port(), secrets.token_urlsafe(18))
    try:
        _make(folder, server)
        # It dies with us, also when we are killed: immediately, for its data is thrown away.
        process = _start(folder, ["setpriv", "--pdeathsig", "QUIT", _program("postgres"), "-D", str(folder / "data")])
        try:
            _await(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path, server: Server) -> None:
    password = folder / "password"
    password.write_text(server.password, encoding="ascii")
    if os.geteuid() == 0:
        for path in (folder, password):
            shutil.chown(path, UNPRIVILEGED)
    options = ["--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8", "--username", USER, "--pwfile", str(password)]
    made = _start(folder, [_program("initdb"), *options, "--auth", "scram-sha-256", "-D", str(folder / "data")])
    if made.wait():
        raise RuntimeError(f"initdb failed: {_end_of(folder / 'log')}")
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(
            f"listen_addresses = '{HOST}'\nport = {server.port}\nunix_socket_directories = ''\n"
            "max_connections = 300\nTimeZone = 'UTC'\n"
        )


def _start(folder: Path, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start one of the server's programs, with its output in the folder's log."""
    account = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": str(_place() / LIBRARIES)},
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _await(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    while True:
        try:
            psycopg2.connect(server.address(DATABASE)).close()
        except psycopg2.OperationalError:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {_end_of(log)}") from None
            time.sleep(0.05)
        else:
            return


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8")[-500:]


def _program(name: str) -> str:
    return str(_place() / BINARIES / name)


def _place() -> Path:
    for place in PLACES:
        if (place / BINARIES / "initdb").exists():
            return place
    raise FileNotFoundError(f"no PostgreSQL 15; where: {PLACES[0] / BINARIES}; expected: scripts/debian_postgresql")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
