from pathlib import Path

import pytest

from overture.adapters.strategy_registry import load_strategies
from overture.core.baselines import Popular
from overture.core.item_models import Ease
from overture.errors import SettingsError

EASE = "overture.core.item_models:Ease"


def test_every_registered_strategy_but_those_that_must_be_named_is_made_in_the_order_of_the_file() -> None:
    assert list(load_strategies()) == [
        "popular",
        "popular_in_departments",
        "own_most_bought",
        "habits",
        "als",
        "bpr",
        "bm25",
        "cosine",
        "ease",
        "rp3beta",
        "als_with_ease",
        "blend",
    ]


def test_only_what_is_asked_for_is_made_with_the_parameters_of_its_section() -> None:
    config = {"first": {"class": EASE, "regularization": 5, "items": 9}, "other": {"class": "no.such:Thing"}}
    assert load_strategies(["first"], config) == {"first": Ease(regularization=5, items=9)}
    assert load_strategies(["popular"]) == {"popular": Popular()}


def test_a_strategy_that_must_be_named_is_made_only_then() -> None:
    config = {"first": {"class": EASE}, "dear": {"class": EASE, "only_when_named": True, "items": 9}}
    assert load_strategies(config=config) == {"first": Ease()}
    assert load_strategies(["dear"], config) == {"dear": Ease(items=9)}


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(SettingsError, match=r"unknown strategy.*expected: popular, .*sasrec; got: poplar"):
        load_strategies(["popular", "poplar"])


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"class": "no.such.module:Thing"}, "where: strategies.toml, mine, class.*ModuleNotFoundError"),
        ({"class": "overture.core.item_models:Nothing"}, "cannot import a strategy.*AttributeError"),
        ({"class": "Ease"}, "cannot import a strategy"),
        ({"class": ""}, "cannot import a strategy"),
        ({"class": "overture.core.history:Pairs"}, "a class with a method fit; got: overture.core.history:Pairs"),
        ({"class": "overture.core.strategies:no_lists"}, "a class with a method fit"),
        ({"class": EASE, "itmes": 3}, "unknown parameter.*expected: regularization, items, values; got: itmes"),
        ({"class": "overture.core.baselines:Popular", "days": 3}, "unknown parameter.*expected: none; got: days"),
        ({"class": EASE, "items": -3}, "bad parameter; where: strategies.toml, mine; got: items; expected: a whole"),
        ({"class": EASE, "regularization": "much"}, "bad parameter"),
        ({"class": EASE, "only_when_named": "yes"}, "mine, only_when_named; expected: true or false; got: 'yes'"),
        ({"items": 3}, "bad strategy"),
        ({"class": 3}, "bad strategy"),
        ("popular", "bad strategy"),
    ],
)
def test_a_section_that_makes_no_strategy_is_refused(section: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_strategies(config={"mine": section})


def test_a_strategy_of_ones_own_is_found_by_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corner_shop.py").write_text("class Mine:\n    def fit(self, history, items, users): ...\n")
    (tmp_path / "broken_shop.py").write_text("raise RuntimeError('closed')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert type(load_strategies(config={"mine": {"class": "corner_shop:Mine"}})["mine"]).__name__ == "Mine"
    with pytest.raises(SettingsError, match="RuntimeError: closed"):
        load_strategies(config={"mine": {"class": "broken_shop:Mine"}})
