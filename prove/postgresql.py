"""Debian's PostgreSQL 15, started for a proof on loopback with a password, and gone afterwards."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
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
        session = psycopg2.connect(self._address(DATABASE))
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(f"create database {name}")
        session.close()
        return self._address(name)

    def _address(self, database: str) -> str:
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
        _as_unprivileged(
            folder, ["pg_ctl", "start", "--wait", "--silent", "--log", str(folder / "log"), *_data(folder)]
        )
        try:
            yield server
        finally:
            # Immediate: what a killed client left open must not hold the end back, and the data is thrown away.
            _as_unprivileged(folder, ["pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate", *_data(folder)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path, server: Server) -> None:
    password = folder / "password"
    password.write_text(server.password, encoding="ascii")
    if os.geteuid() == 0:
        for path in (folder, password):
            shutil.chown(path, UNPRIVILEGED)
    options = ["--username", USER, "--pwfile", str(password), "--auth", "scram-sha-256", "--locale", "C.UTF-8"]
    _as_unprivileged(folder, ["initdb", "--no-sync", "--encoding", "UTF8", *options, *_data(folder)])
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(
            f"listen_addresses = '{HOST}'\nport = {server.port}\nunix_socket_directories = ''\n"
            "max_connections = 300\nTimeZone = 'UTC'\n"
        )


def _data(folder: Path) -> list[str]:
    return ["--pgdata", str(folder / "data")]


def _as_unprivileged(folder: Path, command: Sequence[str]) -> None:
    """Run one of the server's programs; what it complains of goes into the exception when it fails."""
    place = _place()
    account = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
    done = subprocess.run(
        [place / BINARIES / command[0], *command[1:]],
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": str(place / LIBRARIES)},
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def _place() -> Path:
    for place in PLACES:
        if (place / BINARIES / "initdb").exists():
            return place
    raise FileNotFoundError(f"no PostgreSQL 15; where: {PLACES[0] / BINARIES}; expected: scripts/debian_postgresql")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
