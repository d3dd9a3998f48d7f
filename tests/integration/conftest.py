"""What the tests of several modules share: a shop with its lake, and the bundled model, converted once."""

import shutil
from collections.abc import Iterator

import pytest

from landing_shop import Shop
from overture.adapters.model_store import ensure_model
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.settings import CHECKOUT, Settings


@pytest.fixture(scope="module")
def landing_lake(module_settings: Settings) -> Iterator[Warehouse]:
    """One lake for the module; making a new one takes longer than most of these tests."""
    with open_warehouse(module_settings) as opened:
        yield opened


@pytest.fixture
def shop(landing_lake: Warehouse) -> Iterator[Shop]:
    """A shop without drops, and nothing landed."""
    yield Shop(landing_lake.settings, landing_lake)
    landing_lake.execute("drop schema if exists raw cascade")
    landing_lake.execute("create schema raw")
    shutil.rmtree(landing_lake.settings.landing, ignore_errors=True)


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which the bundled model is ready; converting it takes longer than the tests that look at it."""
    home = tmp_path_factory.mktemp("converted") / "home"
    python = CHECKOUT / ".venv-copy" / "bin" / "python"
    settings = Settings.from_environment({"OVERTURE_HOME": str(home), "OVERTURE_COPY_PYTHON": str(python)})
    ensure_model(settings)
    return settings
