"""SASRec really trained, in the sequence environment, on a shop of two tastes."""

import dataclasses
import json
import logging
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from overture.adapters.sequence_engine.exchange import PLAN, Job, Plan, write_job
from overture.adapters.sequence_model import WORKER, SasRec
from overture.core import strategies
from overture.core.purchases import Purchases
from overture.core.strategies import DISCOVER, REPLENISH, TASKS, Asked, History, Recommend, recommend_all
from overture.errors import StrategyError
from overture.settings import CHECKOUT, PACKAGE
from strategy_shop import ITEMS, NO_PURCHASE, ONE_PURCHASE, history_of, no_favourites, plain_items, two_tastes
from weekly_shop import history_of_purchases

PYTHON = CHECKOUT / ".venv-sequence" / "bin" / "python"
SMALL = SasRec(
    factors=32,
    length=20,
    learning_rate=0.01,
    batch_size=8,
    loss="sampled_softmax",
    negatives=32,
    epochs=20,
    least_buyers=1,
    dropout=0.3,
)
COUNTED, SHELF, USERS = two_tastes()


def with_purchases(history: History) -> History:
    """Each pair as one purchase, on the day that it was bought last."""
    pairs = history.counts.tocoo()
    return dataclasses.replace(history, purchases=Purchases.of(pairs.row, pairs.col, history.last_days_ago))


HISTORY = with_purchases(COUNTED)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OVERTURE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OVERTURE_SEQUENCE_PYTHON", str(PYTHON))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Recommend:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVERTURE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("OVERTURE_SEQUENCE_PYTHON", str(PYTHON))
        return SMALL.fit(HISTORY, SHELF, USERS)


def lists(recommend: Recommend, task: str, k: int = 5) -> np.ndarray:
    # Checked on the way: allowed items of the task, each once.
    return recommend_all("sasrec", recommend, Asked.of(HISTORY, SHELF, task), k).items


def test_it_finds_new_items_of_the_users_taste(trained: Recommend) -> None:
    found = lists(trained, DISCOVER)[:ONE_PURCHASE]
    is_own_taste = found % 2 == np.arange(ONE_PURCHASE)[:, None] % 2
    assert is_own_taste[found >= 0].mean() > 0.85


def test_what_the_user_bought_is_put_in_order_and_a_user_without_purchases_gets_nothing(trained: Recommend) -> None:
    assert lists(trained, REPLENISH)[ONE_PURCHASE].tolist() == [2, -1, -1, -1, -1]
    assert (lists(trained, REPLENISH)[:ONE_PURCHASE] >= 0).all()
    assert [(lists(trained, task)[NO_PURCHASE] < 0).all() for task in TASKS] == [True, True]


@pytest.mark.parametrize("task", TASKS)
def test_users_get_the_same_lists_one_at_a_time_and_as_the_beginning_of_longer_ones(
    trained: Recommend, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = lists(trained, task)
    assert lists(trained, task, ITEMS + 9)[:, :5].tolist() == at_once.tolist()
    monkeypatch.setattr(strategies, "BLOCK_BYTES", 1)
    assert lists(trained, task).tolist() == at_once.tolist()


def test_the_same_history_gives_the_same_lists_and_another_seed_others(trained: Recommend) -> None:
    again = SMALL.fit(HISTORY, SHELF, USERS)
    assert lists(again, DISCOVER).tolist() == lists(trained, DISCOVER).tolist()
    other = dataclasses.replace(SMALL, seed=1).fit(HISTORY, SHELF, USERS)
    assert lists(other, DISCOVER).tolist() != lists(trained, DISCOVER).tolist()


@pytest.mark.parametrize("loss", ["softmax", "gBCE"])
def test_it_is_trained_by_other_losses_as_well(loss: str) -> None:
    found = lists(dataclasses.replace(SMALL, loss=loss, epochs=1).fit(HISTORY, SHELF, USERS), DISCOVER)
    assert (found[:ONE_PURCHASE] >= 0).all()


def test_the_next_item_is_told_by_the_order_and_not_by_what_was_bought_alone() -> None:
    # All walk round a ring of twelve items; they bought the same ten or more, and stand at different places.
    steps = [(user, (user + step) % 12, 30 - step) for user in range(36) for step in range(10 + user % 2)]
    purchases = Purchases.of(*np.array(steps).T)
    history = dataclasses.replace(history_of_purchases(purchases, 36, 12), purchases=purchases)
    items, users = plain_items([30] * 12), no_favourites(36)
    found = dataclasses.replace(SMALL, dropout=0.0, epochs=60).fit(history, items, users)
    best = recommend_all("sasrec", found, Asked.of(history, items, DISCOVER), 1).items[:, 0]
    expected = (np.arange(36) + 10 + np.arange(36) % 2) % 12
    assert (best == expected).mean() > 0.9


def test_a_budget_ends_training_after_an_epoch_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "overture.sequence"):
        found = dataclasses.replace(SMALL, epochs=100_000, seconds=1).fit(HISTORY, SHELF, USERS)
    assert re.search(r"WARNING.*sasrec: [1-9]\d{0,3} of 100000 epochs.*, cut short by its budget", caplog.text)
    assert (lists(found, DISCOVER)[:ONE_PURCHASE] >= 0).all()


def test_one_user_alone_and_one_item_alone_are_enough(home: Path) -> None:
    purchases = Purchases.of(np.array([0, 0]), np.array([0, 0]), np.array([3, 1]))
    history = dataclasses.replace(history_of([[2]]), purchases=purchases)
    recommend = dataclasses.replace(SMALL, epochs=1).fit(history, plain_items([1]), no_favourites(1))
    assert recommend(Asked.of(history, plain_items([1]), REPLENISH), 2).tolist() == [[0, -1]]
    assert list((home / "scratch").iterdir()) == []


def test_items_that_only_single_purchases_are_of_are_in_no_list() -> None:
    rows = [(0, 0, 3), (0, 1, 2), (1, 2, 2)]
    purchases = Purchases.of(*np.array(rows).T)
    history = dataclasses.replace(history_of([[1, 1, 0], [0, 0, 1]]), purchases=purchases)
    recommend = dataclasses.replace(SMALL, epochs=1).fit(history, plain_items([1] * 3), no_favourites(2))
    assert recommend(Asked.of(history, plain_items([1] * 3), REPLENISH), 3)[1].tolist() == [-1, -1, -1]


def test_training_that_goes_astray_is_told_of() -> None:
    with pytest.raises(StrategyError, match=r"training went astray.*a smaller learning_rate.*got: (nan|inf)"):
        dataclasses.replace(SMALL, learning_rate=1e30, epochs=3).fit(HISTORY, SHELF, USERS)


def test_a_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    numbers = np.arange(40, dtype=np.int32)
    plan = {each.name: getattr(SMALL, each.name) for each in dataclasses.fields(Plan)} | {"epochs": 10_000_000}
    windows = np.array([[0, 20], [20, 40]])
    write_job(tmp_path, Job(Plan(**plan), 40, numbers, windows, windows))
    assert json.loads((tmp_path / PLAN).read_text(encoding="utf-8"))["epochs"] == 10_000_000
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1"}
    command = [PYTHON, "-m", WORKER, "--folder", tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as worker:
        assert worker.poll() is None
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait() == 1
    assert not (tmp_path / "report.json").exists()
