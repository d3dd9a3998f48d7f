"""What the tests of several modules share: a shop with its lake, and the bundled model, converted once."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import copy_day
from landing_shop import Shop
from overture import preferences, recommending
from overture.adapters.artifacts import factors_folder, load_factors
from overture.adapters.model_store import ensure_model
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.core.factors import Factors
from overture.run import Run
from overture.settings import CHECKOUT, Settings
from paper_model import make_paper_model
from two_tastes import DAY, fill_events, fill_facts, fill_history, fill_offers


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


@pytest.fixture(scope="module")
def tastes_run(module_settings: Settings) -> Run:
    return Run(replace(module_settings, threads=1), DAY, None, "test", 1)


@pytest.fixture(scope="module")
def trained(tastes_run: Run) -> Iterator[Warehouse]:
    """A lake of users of two tastes with factors trained and items ranked."""
    with open_warehouse(tastes_run.settings) as opened:
        fill_history(opened)
        fill_facts(opened)
        fill_events(opened)
        fill_offers(opened)
        preferences.train_factors(tastes_run, opened)
        recommending.rank_items(tastes_run, opened)
        yield opened


@pytest.fixture
def factors(tastes_run: Run, trained: Warehouse) -> Factors:
    return load_factors(factors_folder(tastes_run.settings, DAY))[0]


@pytest.fixture(scope="module")
def copy_lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A lake with a model that is only paper, and no copy environment: drafts are written by hand."""
    model = make_paper_model(tmp_path_factory.mktemp("model") / "paper")
    settings = replace(module_settings, model=str(model), copy_python=Path("there-is-no-python"))
    with open_warehouse(settings) as opened:
        yield opened


@pytest.fixture
def small_day(copy_lake: Warehouse) -> Warehouse:
    """The lake with the facts of a small day, no drafts, and nothing recalled."""
    copy_day.put_day(copy_lake)
    return copy_lake


@pytest.fixture
def small_run(small_day: Warehouse) -> Run:
    """A run of the small day."""
    return Run(small_day.settings, copy_day.DAY, None, "test", 1)
