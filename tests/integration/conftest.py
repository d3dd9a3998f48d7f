"""What the tests of landing share."""

import shutil
from collections.abc import Iterator

import pytest

from landing_shop import Shop
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.settings import Settings


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
