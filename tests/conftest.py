"""What many tests share: a home of their own, and a lake on one server for the whole session."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from overture.adapters.catalog import Catalog, connection_string, open_catalog
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.settings import Settings
from prove.postgresql import Server, debian_server

SERVERS = {"embedded": "server", "postgresql-15": "debian"}
"""Name of a PostgreSQL server that a lake can stand on -> the fixture that runs it."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_servers` once on each of them."""
    is_marked = metafunc.definition.get_closest_marker("both_servers") is not None
    if is_marked and "settings" in metafunc.fixturenames:
        metafunc.parametrize("settings", SERVERS, indirect=True)


@pytest.fixture(scope="session")
def debian() -> Iterator[Server]:
    """One PostgreSQL 15 for the session, over TCP with a password."""
    with debian_server() as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """One embedded PostgreSQL for the session; each lake gets a database of its own on it."""
    home = tmp_path_factory.mktemp("server") / "home"
    with open_catalog(Settings.from_environment({"OVERTURE_HOME": str(home)})) as catalog:
        yield catalog


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An empty home whose lake does not exist yet; on the embedded server unless the test asks for another."""
    return fresh_settings(tmp_path / "home", request.getfixturevalue(SERVERS[getattr(request, "param", "embedded")]))


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory, server: Catalog) -> Settings:
    """An empty home that the tests of one module share."""
    return fresh_settings(tmp_path_factory.mktemp("module") / "home", server)


@pytest.fixture(scope="session")
def session_settings(tmp_path_factory: pytest.TempPathFactory, server: Catalog) -> Settings:
    """An empty home that all tests of a worker share which ask for it."""
    return fresh_settings(tmp_path_factory.mktemp("session") / "home", server)


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """A connection to an empty lake."""
    with open_warehouse(settings) as opened:
        yield opened


def fresh_settings(home: Path, server: Catalog | Server) -> Settings:
    """Return settings of an empty home with a new database on the server."""
    settings = Settings.from_environment({"OVERTURE_HOME": str(home), "OVERTURE_THREADS": "2"})
    return replace(settings, catalog=server.database() if isinstance(server, Server) else new_database(server))


def new_database(server: Catalog) -> str:
    """Make an empty database on the embedded server; return its connection string."""
    assert server.socket is not None
    database = f"lake_{uuid4().hex}"
    connection = psycopg2.connect(connection_string(server.socket, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {database}")
    connection.close()
    return connection_string(server.socket, database)
