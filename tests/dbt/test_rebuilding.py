from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from overture.settings import PACKAGE

if TYPE_CHECKING:
    from tests.dbt.conftest import SmallLake

THIRTIETH, DAY, NEXT_DAY = date(2017, 3, 30), date(2017, 3, 31), date(2017, 4, 1)

DayRows = dict[str, list[tuple[Any, ...]]]

BUILDER = """
import json, sys
from dataclasses import replace
from datetime import date
from overture.adapters.transform import build_layer
from overture.settings import Settings

home, catalog, layer, day, stated = sys.argv[1:]
settings = replace(Settings.from_environment({"OVERTURE_HOME": home, "OVERTURE_THREADS": "1"}), catalog=catalog)
build_layer(settings, layer, date.fromisoformat(day), json.loads(stated))
"""


@dataclass
class History:
    """What the lake held of each day after DAY was built alone, and after each later build."""

    lake: SmallLake
    alone: DayRows
    thirtieth: DayRows
    next_day: DayRows
    rebuilt: DayRows
    log_of_first_build: str
    log_of_rebuild: str


@pytest.fixture(scope="module")
def history(lake: SmallLake) -> History:
    """DAY built alone; then rows of the future landed, the days around it built, and DAY built again."""
    log = lake.settings.home / "dbt" / "logs" / "dbt.log"
    alone, first_log = lake.rows_of(DAY), log.read_text(encoding="utf-8")
    lake.plant(
        {
            "events": [
                lake.event(1, "anna", "nut", month=4),
                lake.event(1, "carl", "tea", month=4, occurred_at=lake.at(9, 31)),
            ],
            "items": [
                lake.item(31, "tea", price=9, valid_from=NEXT_DAY),
                lake.item(1, "tea", month=4, price=8, valid_from=DAY),
            ],
            "users": [
                lake.user(31, "bert", True, valid_from=NEXT_DAY),
                lake.user(1, "bert", True, month=4, valid_from=DAY),
            ],
            "offers": [lake.offer(1, "april", "jam", month=4, starts_on=DAY)],
        }
    )
    lake.build(NEXT_DAY)
    lake.build(THIRTIETH)
    thirtieth, next_day = lake.rows_of(THIRTIETH), lake.rows_of(NEXT_DAY)
    before = log.read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        # A switch in the caller's environment must not make dbt drop the other days.
        patch.setenv("DBT_FULL_REFRESH", "true")
        lake.build(DAY)
    later_log = log.read_text(encoding="utf-8").removeprefix(before)
    return History(lake, alone, thirtieth, next_day, lake.rows_of(DAY), first_log, later_log)


def test_rows_of_the_future_and_a_second_build_change_nothing(history: History) -> None:
    assert all(history.alone.values())
    assert history.rebuilt == history.alone


def test_the_future_is_seen_once_it_is_there(history: History) -> None:
    assert history.lake.rows(
        "select data_day, price from candidate.item_facts where item_id = 'tea' order by data_day"
    ) == [(THIRTIETH, 3), (DAY, 4), (NEXT_DAY, 9)]


def test_a_rebuilt_day_leaves_its_neighbours_alone(history: History) -> None:
    assert all(history.next_day[table] for table in ("candidate.audience", "candidate.item_offers"))
    assert history.lake.rows_of(THIRTIETH) == history.thirtieth
    assert history.lake.rows_of(NEXT_DAY) == history.next_day


def test_the_order_in_which_days_are_built_does_not_matter(history: History) -> None:
    history.lake.build(THIRTIETH)
    history.lake.build(NEXT_DAY)
    assert history.lake.rows_of(THIRTIETH) == history.thirtieth
    assert history.lake.rows_of(NEXT_DAY) == history.next_day


def test_the_stored_parse_of_one_day_serves_another(history: History) -> None:
    assert history.log_of_first_build.count("Starting full parse") == 1
    assert history.log_of_rebuild.count("Completed successfully") == 3
    assert "parse" not in history.log_of_rebuild


def test_what_is_gone_from_the_input_is_gone_from_the_rebuilt_day(landed_lake: SmallLake) -> None:
    landed_lake.build()
    assert landed_lake.rows("select offer_id from candidate.item_offers") == [("spring",)]
    landed_lake.remove("offers where offer_id = 'spring'")
    landed_lake.build(layers=("marts",))
    assert landed_lake.rows("select offer_id from candidate.item_offers") == []


def test_two_processes_that_build_one_new_day_leave_it_once(landed_lake: SmallLake) -> None:
    landed_lake.build(layers=("staging",))
    home, catalog = str(landed_lake.settings.home), str(landed_lake.settings.catalog)
    command = [sys.executable, "-c", BUILDER, home, catalog, "intermediate", str(DAY), json.dumps(landed_lake.stated)]
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": ""}
    builds = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [build.communicate()[1] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], messages
    assert landed_lake.rows("select count(*), count(distinct event_id) from intermediate.int_events_cleaned") == [
        (4, 4)
    ]
    assert landed_lake.rows("select count(*) from intermediate.int_users_summarised") == [(3,)]
