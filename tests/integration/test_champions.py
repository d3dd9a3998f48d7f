"""Which configuration a day is made with: what was accepted as of an earlier day, never what was decided later."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from overture import evaluating, gates, preferences, recommending, steps
from overture.adapters.als import AlsParameters
from overture.adapters.artifacts import factors_folder, load_factors
from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.implicit_strategies import Als
from overture.adapters.strategy_registry import load_strategies
from overture.adapters.warehouse import Warehouse, open_warehouse, runs
from overture.adapters.warehouse.champions import CHAMPIONS, champion_of, configuration_of_run, record_decision
from overture.configuration import config_hash
from overture.errors import SettingsError
from overture.run import Run
from overture.settings import Settings
from two_tastes import DAY, fill_events, fill_facts, fill_history, fill_offers


@pytest.fixture(scope="module")
def shared(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(replace(module_settings, threads=1)) as opened:
        fill_history(opened)
        fill_facts(opened)
        fill_events(opened)
        fill_offers(opened)
        yield opened


@pytest.fixture
def lake(shared: Warehouse) -> Iterator[Warehouse]:
    """The lake without any decision."""
    yield shared
    shared.execute(f"drop table if exists {CHAMPIONS}")


@pytest.fixture
def files(lake: Warehouse) -> FactorConfiguration:
    return FactorConfiguration.from_files(lake.settings)


def decide(lake: Warehouse, day: date, factors: int, *, is_accepted: bool = True) -> FactorConfiguration:
    """Note a decision on the files' configuration with other factors and half-life."""
    files = FactorConfiguration.from_files(lake.settings)
    chosen = replace(files, parameters=replace(files.parameters, factors=factors), half_life_days=factors)
    row = {"version": chosen.version, "parameters": chosen.as_json(), "is_accepted": is_accepted, "reason": "because"}
    record_decision(lake, day, row)
    return chosen


def opened(lake: Warehouse, day: date = DAY) -> Run:
    return steps.open_run(lake.settings, day)


def test_without_any_decision_the_files_state_the_champion(lake: Warehouse, files: FactorConfiguration) -> None:
    assert champion_of(lake, DAY) == files


def test_a_day_has_the_newest_accepted_configuration_of_an_earlier_day(
    lake: Warehouse, files: FactorConfiguration
) -> None:
    first = decide(lake, date(2017, 8, 6), 8)
    second = decide(lake, date(2017, 8, 13), 9)
    decide(lake, date(2017, 8, 20), 10, is_accepted=False)
    last = decide(lake, date(2017, 8, 27), 11)
    expected = {"08-05": files, "08-06": files, "08-07": first, "08-13": first, "08-14": second, "08-21": second}
    expected |= {"08-27": second, "08-28": last}
    assert {day: champion_of(lake, date.fromisoformat(f"2017-{day}")) for day in expected} == expected


def test_a_decision_as_of_the_day_or_a_later_one_is_never_seen_by_a_run_of_the_day(
    lake: Warehouse, files: FactorConfiguration
) -> None:
    for days in (0, 1, 7):
        decide(lake, DAY + timedelta(days=days), 8)
    run = opened(lake)
    assert configuration_of_run(lake, run) == files
    preferences.train_factors(run, lake)
    manifest = load_factors(factors_folder(run.settings, DAY))[1]
    assert manifest["parameters"] == files.parameters.as_mapping()


def test_a_day_decided_again_has_the_newer_row_alone(lake: Warehouse) -> None:
    decide(lake, DAY, 8)
    second = decide(lake, DAY, 9, is_accepted=False)
    rows = lake.rows(f"select data_day, version, is_accepted from {CHAMPIONS}")
    assert rows == [(DAY, second.version, False)]


def test_a_run_keeps_the_configuration_that_it_was_opened_with(lake: Warehouse, files: FactorConfiguration) -> None:
    run = opened(lake)
    chosen = decide(lake, DAY - timedelta(days=1), 8)
    assert configuration_of_run(lake, run) == files
    assert configuration_of_run(lake, opened(lake)) == chosen


def test_a_run_that_was_opened_before_this_was_noted_has_the_champion_of_its_day(lake: Warehouse) -> None:
    chosen = decide(lake, DAY - timedelta(days=1), 8)
    with open_warehouse(lake.settings) as other:
        begun = runs.open_run(other, DAY, "an older run", "configuration")
    assert configuration_of_run(lake, Run(lake.settings, DAY, None, begun.run_id, begun.token)) == chosen


def test_factors_are_fitted_with_the_champion_and_manifest_hash_and_gate_know_it(
    lake: Warehouse, files: FactorConfiguration
) -> None:
    chosen = decide(lake, DAY - timedelta(days=7), 8)
    run = opened(lake)
    preferences.train_factors(run, lake)
    factors, manifest = load_factors(factors_folder(run.settings, DAY))
    assert factors.user_factors.shape[1] == 8
    assert manifest["parameters"] == chosen.parameters.as_mapping()
    assert manifest["factor_configuration"] == chosen.as_mapping()
    gates.check_factors(run, lake)
    noted = lake.rows("select configuration, factor_configuration from ops.runs where token = ?", [run.token])
    assert noted == [(config_hash(chosen.version), chosen.as_json())]
    assert config_hash(chosen.version) != config_hash(files.version)


def test_dbt_is_told_the_champions_half_life_and_event_weights(
    lake: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        steps.transform, "build_layer", lambda settings, layer, day, stated, holder: told.append(stated)
    )
    chosen = decide(lake, DAY - timedelta(days=7), 8)
    steps.build_intermediate(opened(lake), lake)
    assert told == [{"currency": "USD", "event_weights": dict(chosen.event_weights), "half_life_days": 8}]


def test_a_backtest_fits_als_with_the_champion_of_the_judged_day(
    lake: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = decide(lake, DAY - timedelta(days=7), 8)
    run = opened(lake)
    preferences.train_factors(run, lake)
    recommending.rank_items(run, lake)
    fitted: list[AlsParameters | None] = []
    learn = Als.learn
    monkeypatch.setattr(Als, "learn", lambda als, *given: fitted.append(als.factor_parameters) or learn(als, *given))
    evaluating.judge_day(lake, DAY, ["als", "als_with_ease"], (7,))
    assert fitted == [chosen.parameters] * 2
    assert load_strategies(["als"])["als"] == Als(threads=2)


def test_a_row_whose_parameters_are_negative_is_refused_by_the_name_of_the_parameter(
    lake: Warehouse, files: FactorConfiguration
) -> None:
    for name in ("half_life_days", "alpha"):
        stated = json.dumps({**files.as_mapping(), name: -8})
        row = {"version": "none", "parameters": stated, "is_accepted": True, "reason": "because"}
        record_decision(lake, DAY - timedelta(days=7), row)
        with pytest.raises(SettingsError, match=name):
            champion_of(lake, DAY)
