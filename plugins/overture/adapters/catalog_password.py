"""Keeps the catalog's password out of what DuckDB, dbt and their messages are told: libpq reads it from memory.

DuckDB shows the address of an attached catalog in its tables of databases and in its errors, so the address names a
file that exists in this process's memory alone.
"""

import os
from typing import Any

from overture.errors import SettingsError

_files: dict[str, tuple[int, os.stat_result]] = {}
"""Password -> the open file in memory that holds it, and what the file was when it was made."""


def require_connection_string(catalog: str) -> None:
    """Raise SettingsError, which shows nothing of it, for a text that is no libpq connection string."""
    _parsed(catalog)


def without_password(catalog: str, **more: str) -> str:
    """Return a connection string that logs in as `catalog` does, has the keywords `more`, and shows no password."""
    from psycopg2.extensions import make_dsn

    keywords = {**_parsed(catalog), **more}
    password = keywords.pop("password", "")
    if password:
        keywords["passfile"] = _file_of(password)
    return str(make_dsn(**keywords))


def password_environment(catalog: str) -> dict[str, str]:
    """Return what a program that we start must find in its environment to log in as `catalog` does."""
    password = _parsed(catalog).get("password")
    return {"PGPASSWORD": str(password)} if password else {}


def _parsed(catalog: str) -> dict[str, Any]:
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    try:
        return dict(parse_dsn(catalog))
    except ProgrammingError:
        raise SettingsError(
            "no connection string",
            where="OVERTURE_CATALOG",
            expected="libpq's keywords (host=.. dbname=.. user=.. password=..) or postgresql://..",
        ) from None


def _file_of(password: str) -> str:
    """Return the path under which this process finds its file; made again where a fork has closed it."""
    known = _files.get(password)
    if known is None or not _is_open(*known):
        file = os.memfd_create("catalog")
        # libpq ignores a file that others could read.
        os.fchmod(file, 0o600)
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        os.write(file, f"*:*:*:*:{escaped}\n".encode())
        known = _files[password] = (file, os.fstat(file))
    return f"/proc/self/fd/{known[0]}"


def _is_open(file: int, made: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(file), made)
    except OSError:
        return False
