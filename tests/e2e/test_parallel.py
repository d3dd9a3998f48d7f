"""Days of a small shop, made at once by processes that share one home on Debian's PostgreSQL 15."""

from dataclasses import dataclass
from datetime import date

import pytest

from prove.line import Line, convert_model, home, warm_up
from prove.postgresql import Server
from prove.readers import Seen, reading
from prove.shop import Shop
from prove.side_by_side import USERS, Waits, lock_logs, make_days

pytestmark = pytest.mark.slow

SHOP = Shop(days=6)
DAYS = SHOP.dates[-3:]


@dataclass
class Made:
    """Each day's fingerprints, made alone and beside others, and what went on meanwhile."""

    alone: dict[date, dict[str, str]]
    beside: dict[date, dict[str, str]]
    failures: list[str]
    seen: Seen
    waits: Waits


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, debian: Server) -> Made:
    folder = tmp_path_factory.mktemp("parallel")
    source = SHOP.open(folder / "shop")
    warm_up()
    model = convert_model(folder / "model")
    alone = Line(home(folder / "alone", source, model), USERS)
    beside = Line(home(folder / "beside", source, model, debian.database()), USERS)
    assert make_days(alone, DAYS, processes=1) == []
    beside.open_run(DAYS[0])  # from here on there are tables to read; the day's own run supersedes this one
    alone.give_drafts(beside)
    with reading(beside, DAYS[0], folder / "readers", count=2, seed=1) as seen:
        failures = make_days(beside, DAYS, processes=2)
    return Made(
        {day: alone.fingerprints(day) for day in DAYS},
        {day: beside.fingerprints(day) for day in DAYS},
        failures,
        seen,
        Waits.read(lock_logs(beside)),
    )


def test_every_day_made_beside_others_equals_the_day_made_alone(made: Made) -> None:
    assert made.failures == []
    assert made.beside == made.alone
    assert all(not texts["messages"].startswith("0 rows") for texts in made.alone.values())


def test_readers_meanwhile_meet_no_error_and_no_partial_day(made: Made) -> None:
    assert made.seen.failures == []
    assert made.seen.answers > 5


def test_the_writers_did_wait_for_each_other(made: Made) -> None:
    assert len(made.waits.seconds) > 40
    assert made.waits.seconds[-1] > 0.1
