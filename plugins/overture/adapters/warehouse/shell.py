"""DuckDB's own command line, opened on the lake for people who explore it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from overture.adapters.catalog import Catalog
from overture.adapters.catalog_password import password_environment
from overture.adapters.warehouse.connection import EXTENSIONS, LAKE, lake_address, open_warehouse
from overture.adapters.warehouse.names import literal
from overture.errors import UsageError
from overture.settings import Settings

PROGRAM = "duckdb"


def open_shell(settings: Settings) -> int:
    """Run DuckDB's command line on the lake, attached read-only, until its user leaves; return its exit code.

    The lake cannot be changed through it. Unlike `overture query` it reads and writes other files, as any program of
    its user does. Raises UsageError when the program is not there, or is of another version than the extensions.
    """
    program = find_program()
    with open_warehouse(settings, read_only=True) as warehouse:  # lays the extensions, and keeps the catalog up
        command = [program, "-cmd", opening(settings, warehouse.catalog)]
        environment = os.environ | password_environment(warehouse.catalog.reader)
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def find_program() -> str:
    """Return the path of DuckDB's command line, beside our interpreter or on the PATH, of the extensions' version."""
    found = shutil.which(PROGRAM, path=str(Path(sys.executable).parent)) or shutil.which(PROGRAM)
    wanted = f"{PROGRAM} {duckdb.__version__} on the PATH, such as of: pip install duckdb-cli=={duckdb.__version__}"
    if found is None:
        raise UsageError("DuckDB's command line is not here", where="overture shell", expected=wanted, got="none")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    if said.split()[:1] != [f"v{duckdb.__version__}"]:
        raise UsageError("another version of DuckDB", where=found, expected=wanted, got=said.strip() or "no answer")
    return found


def opening(settings: Settings, catalog: Catalog) -> str:
    """Return the statements that attach the lake read-only and look at its published tables first."""
    return "; ".join(
        (
            "set autoinstall_known_extensions = false",
            f"set extension_directory = {literal(str(settings.extensions))}",
            *(f"load {extension}" for extension in EXTENSIONS),
            "set TimeZone = 'UTC'",
            f"attach {literal(lake_address(catalog, read_only=True))} as {LAKE} (read_only)",
            f"use {LAKE}.marts",
        )
    )
