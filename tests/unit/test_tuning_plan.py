"""What a search is told: its ranges, its days, and how a configuration is laid out as parameters and back."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.tuning_plan import Plan, Space
from overture.configuration import load_config
from overture.errors import SettingsError
from overture.settings import PACKAGE, Settings

STATED = load_config("tuning")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A shop whose events are purchases, views and clicks; what it calls an error counts for nothing."""
    text = (PACKAGE / "config" / "sources" / "complete_journey.toml").read_text(encoding="utf-8")
    types = '[events.types]\npurchase = 2.0\nview = 0.5\nclick = 1.0\n"it\'s an \\"error\\"" = 0\n'
    source = tmp_path / "shop.toml"
    source.write_text(text.replace("[events.types]\npurchase = 1.0\n", types), encoding="utf-8")
    return Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home"), "OVERTURE_SOURCE": str(source)})


def changed(name: str, value: Any) -> dict[str, Any]:
    return {**STATED, name: value}


def ranges_with(name: str, value: Any) -> dict[str, Any]:
    return changed("ranges", {**STATED["ranges"], name: value})


def test_the_days_of_search_and_gate_and_what_judges_them_do_not_overlap() -> None:
    plan = Plan.read()
    judged = [{day - after for after in range(plan.horizon_days + 1)} for day in (*plan.search_days, *plan.gate_days)]
    searched, decided = judged[: len(plan.search_days)], judged[len(plan.search_days) :]
    assert min(min(days) for days in decided) >= 0
    # A day of the gate learns from the days that a search was judged by, and is judged by none of them.
    assert min(min(days) for days in searched) >= max(plan.gate_days)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (changed("seed", 0), "seed"),
        (changed("trials", 0), "trials"),
        (changed("trials", "many"), "trials"),
        (changed("minutes", 1.5), "minutes"),
        (changed("horizon_days", True), "horizon_days"),
        (changed("resamples", None), "resamples"),
        (changed("gate_days_before", [6, 14]), "gate_days_before.*7 or more.*got: 6"),
        (changed("search_days_before", [20]), "search_days_before.*21 or more.*got: 20"),
        (changed("search_days_before", []), "search_days_before"),
        (changed("search_days_before", [21, 21]), "search_days_before"),
        (changed("gate_days_before", [-7]), "gate_days_before"),
        (changed("tolerated_loss", -0.1), "tolerated_loss"),
        (changed("baselines", []), "baselines"),
        (changed("ranges", {}), "nothing to search"),
        (ranges_with("factors", [64, 32]), "ranges, factors.*lower end first"),
        (ranges_with("factors", [0, 32]), "ranges, factors"),
        (ranges_with("factors", [1.5, 32]), "ranges, factors"),
        (ranges_with("alpha", [-1, 2]), "ranges, alpha.*0 or more"),
        (ranges_with("alpha", [0, 2]), "ranges, alpha"),
        (ranges_with("alpha", [1]), "ranges, alpha.*two numbers"),
        (ranges_with("alpha", 1), "ranges, alpha.*two numbers"),
        (ranges_with("half_life_days", [0.5, 3]), "ranges, half_life_days"),
        (ranges_with("colour", [1, 2]), "unknown parameter.*colour"),
    ],
)  # fmt: skip
def test_a_bad_plan_is_refused_with_what_is_wrong(stated: Mapping[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Plan.read(stated)


def test_the_files_state_the_first_champion(settings: Settings) -> None:
    found = FactorConfiguration.from_files(settings)
    assert found.as_mapping() == {
        **load_config("als"),
        "half_life_days": load_config("interactions")["half_life_days"],
        "event_weights": {"purchase": 2.0, "view": 0.5, "click": 1.0, 'it\'s an "error"': 0.0},
    }


def test_a_configuration_is_read_back_from_json_and_from_toml(settings: Settings) -> None:
    given = FactorConfiguration.from_files(settings)
    given = replace(given, half_life_days=30, parameters=replace(given.parameters, alpha=1e-05, factors=7))
    assert FactorConfiguration.from_json(given.as_json(), settings) == given
    assert FactorConfiguration.from_mapping(tomllib.loads(given.as_toml()), settings) == given


def test_a_type_that_the_source_lost_is_left_out_and_a_new_one_has_its_weight(settings: Settings) -> None:
    stated = {**FactorConfiguration.from_files(settings).as_mapping(), "event_weights": {"view": 0.1, "fax": 9}}
    found = FactorConfiguration.from_mapping(stated, settings)
    assert found.event_weights == {"purchase": 2.0, "view": 0.1, "click": 1.0, 'it\'s an "error"': 0.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", -1),
        ("alpha", -0.5),
        ("relative_regularization", -1.0),
        ("iterations", 0),
        ("alpha", float("nan")),
        ("alpha", float("inf")),
        ("half_life_days", -42),
        ("half_life_days", 0),
        ("half_life_days", 1.5),
        ("half_life_days", None),
        ("event_weights", {"view": -0.1}),
        ("event_weights", {"view": "much"}),
        ("event_weights", [1]),
    ],
)
def test_parameters_that_are_negative_or_none_are_refused_by_name(settings: Settings, name: str, value: Any) -> None:
    stated = {**FactorConfiguration.from_files(settings).as_mapping(), name: value}
    with pytest.raises(SettingsError, match=name):
        FactorConfiguration.from_mapping(stated, settings)


@pytest.mark.parametrize("text", ["", "[1]", "{", "{}"])
def test_a_text_that_states_no_configuration_is_refused(settings: Settings, text: str) -> None:
    with pytest.raises(SettingsError):
        FactorConfiguration.from_json(text, settings)


def test_every_lighter_type_is_searched_as_a_share_of_the_heaviest_which_stays(settings: Settings) -> None:
    champion = FactorConfiguration.from_files(settings)
    space = Space.around(champion, Plan.read())
    first = space.parameters_of(champion)
    assert {name for name in first if name.startswith("event_weight")} == {"event_weight view", "event_weight click"}
    assert (first["event_weight view"], first["event_weight click"]) == (0.25, 0.5)
    assert space.configuration_of(first, settings) == champion
    other = space.configuration_of({**first, "event_weight view": 0.123456789}, settings)
    assert other.event_weights == {**champion.event_weights, "view": 0.2469}


def test_a_champion_outside_of_a_range_widens_it_and_another_configuration_is_drawn_to_its_end(
    settings: Settings,
) -> None:
    files = FactorConfiguration.from_files(settings)
    far = replace(files, half_life_days=500)
    space = Space.around(far, Plan.read())
    assert space.parameters_of(far)["half_life_days"] == 500
    assert space.parameters_of(replace(files, half_life_days=900))["half_life_days"] == 500
    with pytest.raises(SettingsError, match="cannot be searched around"):
        Space.around(replace(files, parameters=replace(files.parameters, alpha=0.0)), Plan.read())


def test_what_has_no_range_stays_as_the_champion_has_it(settings: Settings) -> None:
    champion = replace(FactorConfiguration.from_files(settings), half_life_days=99)
    space = Space.around(champion, Plan.read(changed("ranges", {"factors": [8, 16]})))
    assert space.parameters_of(champion) == {"factors": champion.parameters.factors}
    found = space.configuration_of({"factors": 9.0}, settings)
    assert found == replace(champion, parameters=replace(champion.parameters, factors=9))
