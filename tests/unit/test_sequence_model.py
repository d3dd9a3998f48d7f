"""SASRec as a strategy, over an interpreter that is none; `integration/test_sequence_worker.py` has the real one."""

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overture.adapters.sequence_model import SasRec
from overture.adapters.strategy_registry import load_strategies
from overture.core.purchases import Purchases
from overture.core.strategies import DISCOVER, REPLENISH, Asked, History, Recommend, fit_strategy
from overture.errors import HomeError, SettingsError, StrategyError
from sequence_double import jobs, make_python
from strategy_shop import history_of, no_favourites, plain_items
from weekly_shop import history_of_purchases

Make = Callable[..., SasRec]
SHOPPING = [(0, 1, 9), (0, 0, 5), (0, 1, 2), (1, 2, 8), (1, 0, 1), (2, 3, 4)]
"""user, item, days ago; the newest of user 0 is item 1, of user 1 item 0; user 2 bought once, user 3 nothing."""

SHELF, SHOPPERS = plain_items([2, 1, 1, 1, 0]), no_favourites(4)


def history(rows: list[tuple[int, int, int]], users: int = 4, items: int = 5) -> History:
    purchases = Purchases.of(*np.array(rows, np.int64).reshape(-1, 3).T)
    return dataclasses.replace(history_of_purchases(purchases, users, items), purchases=purchases)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the strategy over an interpreter with a fault, in a home of its own."""
    monkeypatch.setenv("OVERTURE_HOME", str(tmp_path / "home"))

    def make(fault: str = "none", **parameters: Any) -> SasRec:
        monkeypatch.setenv("OVERTURE_SEQUENCE_PYTHON", str(make_python(tmp_path, fault)))
        return SasRec(**{"factors": 4, "heads": 1, "least_buyers": 1, **parameters})

    return make


def fitted(strategy: SasRec, rows: list[tuple[int, int, int]]) -> Recommend:
    return strategy.fit(history(rows), SHELF, SHOPPERS)


def lists(recommend: Recommend, task: str, k: int = 3) -> list[list[int]]:
    return recommend(Asked.of(history(SHOPPING), SHELF, task), k).tolist()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", 0),
        ("blocks", 1.5),
        ("heads", 3),
        ("length", True),
        ("dropout", 1.1),
        ("loss", "hinge"),
        ("negatives", 0),
        ("calibration", -0.1),
        ("learning_rate", -1),
        ("batch_size", "many"),
        ("epochs", 0),
        ("seconds", float("nan")),
        ("least_buyers", 0),
        ("seed", -1),
        ("threads", 0),
    ],
)
def test_a_parameter_out_of_range_is_refused_with_its_name(name: str, value: Any) -> None:
    refused = "factors" if name == "heads" else name
    with pytest.raises(ValueError, match=rf"{refused}; expected: .*; got: "):
        SasRec(**{name: value})


def test_it_is_registered_and_judged_only_where_it_is_named() -> None:
    assert "sasrec" not in load_strategies()
    assert isinstance(load_strategies(["sasrec"])["sasrec"], SasRec)


def test_a_missing_environment_is_named_with_the_command_that_makes_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = make()
    monkeypatch.setenv("OVERTURE_SEQUENCE_PYTHON", "/no/python")
    with pytest.raises(SettingsError, match=r"no sequence environment.*/no/python.*scripts/environment sequence"):
        fitted(strategy, SHOPPING)
    with pytest.raises(StrategyError, match=r"strategy sasrec, fit; got: SettingsError: no sequence environment"):
        fit_strategy("sasrec", strategy, history(SHOPPING), SHELF, SHOPPERS)


def test_the_worker_is_given_the_purchases_of_the_history_in_order_and_nothing_else(make: Make, tmp_path: Path) -> None:
    fitted(make(epochs=7), SHOPPING)
    (job,) = jobs(tmp_path)
    assert (job.items, job.codes.tolist()) == (4, [1, 0, 1, 2, 0, 3])
    assert job.sessions.tolist() == [[0, 3], [3, 5], [5, 6]]
    assert job.windows.tolist() == [[0, 3], [3, 5]]
    assert job.plan.epochs == 7


def test_lists_are_ordered_by_what_the_session_and_the_items_have_in_common(make: Make) -> None:
    recommend = fitted(make(), SHOPPING)
    # User 0 is where item 1 is: itself 1.01, its neighbours 0.1; item 4 is in no purchase.
    assert lists(recommend, REPLENISH) == [[1, 0, -1], [0, 2, -1], [3, -1, -1], [-1, -1, -1]]
    assert lists(recommend, DISCOVER) == [[2, 3, -1], [1, 3, -1], [0, 2, 1], [-1, -1, -1]]


def test_an_item_that_the_model_does_not_know_is_in_no_list(make: Make) -> None:
    recommend = fitted(make("does_not_know_item_0"), SHOPPING)
    assert lists(recommend, REPLENISH) == [[1, -1, -1], [2, -1, -1], [3, -1, -1], [-1, -1, -1]]


def test_only_allowed_items_are_listed_and_those_kept_out_are_not(make: Make) -> None:
    closed = dataclasses.replace(SHELF, is_allowed=np.array([True, False, True, True, True]))
    recommend = make().fit(history(SHOPPING), closed, SHOPPERS)
    asked = Asked.of(history(SHOPPING), closed, DISCOVER)
    asked = dataclasses.replace(asked, kept_out=history_of([[0, 0, 1, 0, 0]] * 4).counts)
    assert recommend(asked, 2).tolist() == [[3, -1], [3, -1], [0, -1], [-1, -1]]


@pytest.mark.parametrize("rows", [[], [(0, 1, 3)], [(0, 1, 3), (1, 1, 3)]])
def test_where_nobody_bought_one_thing_after_another_every_list_is_empty_and_nothing_is_started(
    make: Make, tmp_path: Path, rows: list[tuple[int, int, int]]
) -> None:
    assert lists(fitted(make(), rows), DISCOVER) == [[-1] * 3] * 4
    assert jobs(tmp_path) == []


def test_a_history_without_single_purchases_gives_empty_lists(make: Make) -> None:
    recommend = make().fit(history_of([[1, 2, 0, 0, 0]] * 4), SHELF, SHOPPERS)
    assert lists(recommend, DISCOVER) == [[-1] * 3] * 4


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuses", "training went astray; where: here"),
        ("fails", "the sequence environment failed.*got: ValueError: no such thing"),
        ("dies", "the sequence environment was ended.*expected: more memory, or a smaller.*got: SIGKILL"),
        ("leaves_nothing", "no embeddings.*expected: .npy files"),
        ("leaves_pickles", "no embeddings.*allow_pickle=False"),
        ("leaves_too_few", "other embeddings than were asked for"),
    ],
)
def test_a_worker_that_fails_is_told_of_and_leaves_nothing_in_the_home(
    make: Make, tmp_path: Path, fault: str, said: str
) -> None:
    with pytest.raises(StrategyError, match=said):
        fitted(make(fault), SHOPPING)
    assert list((tmp_path / "home" / "scratch").iterdir()) == []


def test_a_home_that_cannot_be_written_is_named(make: Make, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way", encoding="utf-8")
    with pytest.raises(HomeError, match=r"the home cannot be written.*sequence-"):
        fitted(make(), SHOPPING)


@pytest.mark.parametrize(
    ("fault", "level", "said"),
    [
        ("none", logging.INFO, "sasrec: 3 of 3 epochs in 0 s on cpu, loss 1.2500"),
        ("stops_early", logging.WARNING, "sasrec: 1 of 3 epochs in 0 s on cpu, loss 1.2500, cut short by its budget"),
    ],
)
def test_the_log_says_how_many_epochs_were_done_and_warns_of_a_budget_that_ended(
    make: Make, caplog: pytest.LogCaptureFixture, fault: str, level: int, said: str
) -> None:
    with caplog.at_level(logging.INFO, "overture.sequence"):
        fitted(make(fault, epochs=3), SHOPPING)
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [(level, said)]


def test_a_finished_fit_leaves_nothing_in_the_home(make: Make, tmp_path: Path) -> None:
    fitted(make(), SHOPPING)
    assert list((tmp_path / "home" / "scratch").iterdir()) == []
