"""Where things are: environment variables, read once into one frozen object."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from overture.errors import HomeError, SettingsError

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent.parent
"""The source tree: `dags/` and `dbt_project/` lie beside `plugins/`."""

VARIABLES = (
    "OVERTURE_HOME",
    "OVERTURE_SOURCE",
    "OVERTURE_CATALOG",
    "OVERTURE_MODEL",
    "OVERTURE_COPY_PYTHON",
    "OVERTURE_SEQUENCE_PYTHON",
    "OVERTURE_MEMORY_LIMIT",
    "OVERTURE_THREADS",
)
"""Every variable that Overture reads; another one that starts with OVERTURE_ is refused as a misspelling."""


@dataclass(frozen=True)
class Settings:
    """The places and sizes of one installation.

    home: everything that is written lies below it.
    source: the TOML file that maps a shop's files to the canonical tables.
    catalog: a libpq connection string of the lake's PostgreSQL; None for the embedded server under `home`.
    model: a local model folder or a served model's address; None for the bundled model.
    copy_python: the interpreter of the copy environment.
    sequence_python: the interpreter of the sequence environment, which only the strategy `sasrec` asks for.
    memory_limit: DuckDB's ceiling per process, in its own notation.
    threads: DuckDB's threads per process.
    """

    home: Path
    source: Path
    catalog: str | None
    model: str | None
    copy_python: Path
    sequence_python: Path
    memory_limit: str
    threads: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the variables; raise SettingsError for one that is unknown or has a bad value."""
        env = os.environ if environment is None else environment
        # What a misspelt name holds may be a secret and is not shown.
        unknown = sorted(name for name in env if name.startswith("OVERTURE_") and name not in VARIABLES)
        if unknown:
            raise SettingsError("unknown setting", where=unknown[0], expected=", ".join(VARIABLES))
        bundled = PACKAGE / "config" / "sources" / "complete_journey.toml"
        return cls(
            home=Path(env.get("OVERTURE_HOME") or CHECKOUT / ".overture").expanduser().absolute(),
            source=Path(env.get("OVERTURE_SOURCE") or bundled).expanduser().absolute(),
            catalog=env.get("OVERTURE_CATALOG") or None,
            model=env.get("OVERTURE_MODEL") or None,
            copy_python=_python(env, "OVERTURE_COPY_PYTHON", ".venv-copy"),
            sequence_python=_python(env, "OVERTURE_SEQUENCE_PYTHON", ".venv-sequence"),
            memory_limit=env.get("OVERTURE_MEMORY_LIMIT") or "4GB",
            threads=_positive("OVERTURE_THREADS", env.get("OVERTURE_THREADS") or str(os.cpu_count() or 1)),
        )

    @property
    def landing(self) -> Path:
        """Dated files, as a shop drops them."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The lake's Parquet files."""
        return self.home / "warehouse"

    @property
    def postgres(self) -> Path:
        """The embedded server's data."""
        return self.home / "postgres"

    @property
    def artifacts(self) -> Path:
        """Trained factors and their manifests; embeddings of item texts."""
        return self.home / "artifacts"

    @property
    def models(self) -> Path:
        """Language models, each a folder with a manifest."""
        return self.home / "models"

    @property
    def copy(self) -> Path:
        """Requests to the copy engine and its shards, by data day."""
        return self.home / "copy"

    @property
    def reports(self) -> Path:
        """What people look at, by data day."""
        return self.home / "reports"

    @property
    def lineage(self) -> Path:
        """Events of OpenLineage: what each task read and wrote."""
        return self.home / "lineage"

    @property
    def airflow(self) -> Path:
        """Airflow's own home: logs, secrets, process ids."""
        return self.home / "airflow"

    @property
    def extensions(self) -> Path:
        """DuckDB's extensions, laid there once from their packages."""
        return self.home / "extensions"

    @property
    def scratch(self) -> Path:
        """Spilled and temporary files; safe to delete when nothing runs."""
        return self.home / "scratch"

    def ensure_home(self) -> None:
        """Make the home; raise HomeError when it cannot be written."""
        try:
            for folder in (self.home, self.warehouse, self.scratch, self.extensions):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.scratch / f".probe-{os.getpid()}"
            probe.write_bytes(b"x" * 4096)
            probe.unlink(missing_ok=True)  # another thread has the same name
        except OSError as error:
            raise HomeError(
                "the home cannot be written",
                where=self.home,
                expected="a writable folder with free space",
                got=error.strerror,
            ) from error


def _python(env: Mapping[str, str], name: str, environment: str) -> Path:
    return Path(env.get(name) or CHECKOUT / environment / "bin" / "python").expanduser()


def _positive(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError("bad value", where=name, expected="a whole number above 0", got=text)
    return int(text)
