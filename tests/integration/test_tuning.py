"""A small search in a small lake, from its events to the decision that later days are made with."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dated_shop import DAY, fill_shop
from overture import competing, tuning
from overture.adapters import tuning_plan
from overture.adapters.factor_configuration import FactorConfiguration
from overture.adapters.warehouse import Warehouse, open_warehouse, runs
from overture.adapters.warehouse.champions import CHAMPIONS, champion_of, record_decision
from overture.configuration import load_config
from overture.errors import ArtifactError, DayRangeError, SupersededError, UsageError
from overture.settings import PACKAGE, Settings
from overture.tuning import Order, Tuned, not_ready, tune

TRIALS = 4
RANGES = {"factors": [3, 5], "alpha": [0.5, 8.0], "half_life_days": [10, 80], "event_weights": [0.05, 1.0]}
ROWS = f"select * from {CHAMPIONS} order by all"


@pytest.fixture(scope="module")
def small_plan() -> Iterator[None]:
    """A search that fits the small shop; the days are those of the file."""
    stated = {**load_config("tuning"), "resamples": 50, "ranges": RANGES}
    patch = pytest.MonkeyPatch()
    patch.setattr(tuning_plan, "load_config", lambda name: stated if name == "tuning" else load_config(name))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def shop_settings(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    text = (PACKAGE / "config" / "sources" / "complete_journey.toml").read_text(encoding="utf-8")
    source = tmp_path_factory.mktemp("source") / "shop.toml"
    source.write_text(text.replace("purchase = 1.0\n", "purchase = 1.0\nview = 0.2\n"), encoding="utf-8")
    return replace(module_settings, threads=1, source=source)


@pytest.fixture(scope="module")
def lake(shop_settings: Settings, small_plan: None) -> Iterator[Warehouse]:
    with open_warehouse(shop_settings) as opened:
        fill_shop(opened)
        runs.open_run(opened, DAY, "the day's run", "configuration")
        yield opened


@pytest.fixture(scope="module")
def tuned(lake: Warehouse) -> Tuned:
    return search_of(lake)


def search_of(lake: Warehouse, day: date = DAY, trials: int = TRIALS, tell: Any = lambda line: None) -> Tuned:
    return tune(lake.settings, Order(day, trials), tell, iter(range(10**6)).__next__)


def test_the_decision_is_a_row_with_its_reason_and_its_figures(lake: Warehouse, tuned: Tuned) -> None:
    found = lake.arrow(ROWS).to_pylist()
    assert len(found) == 1
    row = found[0]
    assert (row["data_day"], row["version"]) == (DAY, tuned.candidate.version)
    assert row["reason"] == tuned.verdict.reason
    assert row["is_accepted"] == tuned.verdict.is_accepted
    assert row["reason"].startswith("The candidate takes" if row["is_accepted"] else "The champion stays")
    assert FactorConfiguration.from_json(row["parameters"], lake.settings) == tuned.candidate
    assert row["champion_version"] == FactorConfiguration.from_files(lake.settings).version
    assert row["trials"] == TRIALS
    for task in ("discover", "replenish"):
        assert 0 < row[f"{task}_users"] <= 59
        lead = row[f"{task}_ndcg"] - row[f"{task}_champion_ndcg"]
        assert row[f"{task}_lead_low"] <= row[f"{task}_lead"] <= row[f"{task}_lead_high"]
        assert row[f"{task}_lead"] == pytest.approx(lead)
    assert row["baseline"] in load_config("tuning")["baselines"]
    assert [name for name, value in row.items() if value is None] == []


def test_the_candidate_lies_beside_the_report_in_a_form_that_als_toml_may_have(lake: Warehouse, tuned: Tuned) -> None:
    assert tuned.folder == lake.settings.artifacts / "tuning" / str(DAY)
    stated = tomllib.loads((tuned.folder / "als.toml").read_text(encoding="utf-8"))
    assert FactorConfiguration.from_mapping(stated, lake.settings) == tuned.candidate
    page = (tuned.folder / "report.md").read_text(encoding="utf-8")
    assert tuned.verdict.reason in page
    assert "2017-08-22, 2017-08-15" in page
    assert {path.suffix for path in tuned.folder.iterdir() if not path.name.startswith(".")} == {
        ".toml",
        ".md",
        ".jsonl",
    }


def test_the_champion_is_the_first_trial_and_worth_1(tuned: Tuned) -> None:
    assert tuned.trials[0].value == 1.0
    assert len({trial.value for trial in tuned.trials}) == TRIALS


def test_a_day_tuned_again_tries_nothing_and_has_the_same_row(lake: Warehouse, tuned: Tuned) -> None:
    before, told = lake.rows(ROWS), []
    assert search_of(lake, tell=told.append).trials == tuned.trials
    assert lake.rows(ROWS) == before
    assert told == [tuned.verdict.reason]


def test_nothing_that_occurred_or_arrived_after_the_day_is_read(lake: Warehouse, tuned: Tuned) -> None:
    before = lake.rows(ROWS)
    lake.execute(
        """
        insert into intermediate.int_events_cleaned by name
        select cast(data_day + 30 as date) as data_day, 'later ' || event_id as event_id, user_id, 'i001' as item_id,
            event_type, occurred_at + interval 30 day as occurred_at
        from intermediate.int_events_cleaned where data_day > $day - 30
        union all
        select cast($day + 1 as date) as data_day, 'late ' || event_id as event_id, user_id, 'i003' as item_id,
            event_type, occurred_at
        from intermediate.int_events_cleaned
        """,
        {"day": DAY},
    )
    try:
        told: list[str] = []
        search_of(lake, tell=told.append)
    finally:
        lake.execute("delete from intermediate.int_events_cleaned where event_id like 'late%'")
    assert told == [tuned.verdict.reason]
    assert lake.rows(ROWS) == before


def test_a_search_that_was_killed_goes_on_and_comes_to_the_same(
    lake: Warehouse, tuned: Tuned, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = lake.rows(ROWS), [(tuned.folder / name).read_bytes() for name in ("als.toml", "report.md")]
    shutil.rmtree(tuned.folder)
    lists, judged = competing.Field.lists, []

    def killed(field: competing.Field, day: Any, configuration: FactorConfiguration) -> Any:
        judged.append(day)
        if len(judged) == 8:
            raise KeyboardInterrupt
        return lists(field, day, configuration)

    with monkeypatch.context() as patch:
        patch.setattr(competing.Field, "lists", killed)
        with pytest.raises(KeyboardInterrupt):
            search_of(lake)
    assert not (tuned.folder / "als.toml").exists()
    assert search_of(lake).trials == tuned.trials
    assert lake.rows(ROWS) == before
    assert [(tuned.folder / name).read_bytes() for name in ("als.toml", "report.md")] == files


def test_a_newer_run_of_the_day_takes_the_word_from_a_search_that_has_not_ended(lake: Warehouse, tuned: Tuned) -> None:
    before = lake.rows(ROWS)

    def open_another(line: str) -> None:
        with open_warehouse(lake.settings) as other:
            runs.open_run(other, DAY, "a newer run", "configuration")

    with pytest.raises(SupersededError, match="tune_factors"):
        search_of(lake, trials=TRIALS + 1, tell=open_another)
    assert lake.rows(ROWS) == before


def test_damaged_trials_are_refused_and_nothing_is_decided(lake: Warehouse, tuned: Tuned) -> None:
    (journal,) = tuned.folder.glob("trials-*.jsonl")
    content, before = journal.read_bytes(), lake.rows(ROWS)
    journal.write_bytes(content[: len(content) // 2] + b"\n" + content[len(content) // 2 :])
    try:
        with pytest.raises(ArtifactError, match=r"damaged trials.*delete the file"):
            search_of(lake)
    finally:
        journal.write_bytes(content)
    assert lake.rows(ROWS) == before


def test_a_day_that_no_run_has_made_is_refused(lake: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"no run of this day.*2017-08-28"):
        search_of(lake, DAY - timedelta(days=1))
    with pytest.raises(DayRangeError, match="2019-01-01"):
        search_of(lake, date(2019, 1, 1))


def test_a_day_without_marts_is_refused(lake: Warehouse) -> None:
    runs.open_run(lake, DAY + timedelta(days=1), "no marts yet", "configuration")
    with pytest.raises(UsageError, match=r"no marts of this day.*0 items and 0 readers"):
        search_of(lake, DAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("false", r"nothing to learn from.*2017-08-29"),
        ("data_day > '2017-08-01'", r"nothing to learn from.*up to 2017-07-25"),
        (
            "data_day not between '2017-08-16' and '2017-08-29'",
            r"no users to judge the gate by.*2017-08-22, 2017-08-15",
        ),
        ("data_day < '2017-07-12' or data_day > '2017-08-15'", "no users to judge the search by.*discover"),
    ],
    ids=["no events", "none that is old enough", "none to decide by", "none to search by"],
)
def test_a_shop_without_events_to_learn_from_or_to_judge_by_is_refused(lake: Warehouse, kept: str, said: str) -> None:
    lake.execute(
        "create table intermediate.all_events as from intermediate.int_events_cleaned;"
        f"delete from intermediate.int_events_cleaned where not ({kept})"
    )
    try:
        with pytest.raises(UsageError, match=said):
            search_of(lake)
    finally:
        lake.execute("delete from intermediate.int_events_cleaned")
        lake.execute("insert into intermediate.int_events_cleaned from intermediate.all_events")
        lake.execute("drop table intermediate.all_events")


@pytest.mark.parametrize("name", ["trials", "minutes"])
def test_a_budget_below_1_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"--{name}.*above 0.*got: 0"):
        Order(DAY, **{name: 0})


def test_a_day_is_ready_once_it_has_a_run_and_seven_weeks_of_events(lake: Warehouse) -> None:
    assert not_ready(lake.settings, DAY) is None
    assert "no run" in str(not_ready(lake.settings, DAY - timedelta(days=3)))
    early = date(2017, 6, 30)
    runs.open_run(lake, early, "early", "configuration")
    assert "no event is as old as 2017-05-12" in str(not_ready(lake.settings, early))


def test_what_the_file_states_is_tried_beside_a_champion_that_is_not_it(lake: Warehouse) -> None:
    champion = replace(FactorConfiguration.from_files(lake.settings), half_life_days=33)
    contest = tuning._Search(
        lake.settings, tuning.Plan.read(), competing.read_field(lake, DAY, tuning.Plan.read()), champion
    )
    assert [each["half_life_days"] for each in contest.asked.first] == [33, 42]


def test_a_candidate_that_passes_the_gate_is_the_champion_of_later_days_only(lake: Warehouse, tuned: Tuned) -> None:
    files = FactorConfiguration.from_files(lake.settings)
    poor = replace(files, parameters=replace(files.parameters, factors=1), half_life_days=1)
    earlier = DAY - timedelta(days=30)
    stated = {
        "version": poor.version,
        "parameters": poor.as_json(),
        "is_accepted": True,
        "reason": "for want of better",
    }
    record_decision(lake, earlier, stated)
    try:
        found = search_of(lake)
        assert found.verdict.reason.startswith("The candidate takes the champion's place")
        assert found.candidate != poor
        assert champion_of(lake, DAY) == poor
        assert champion_of(lake, DAY + timedelta(days=1)) == found.candidate
        row = lake.rows(f"select champion_version, is_accepted from {CHAMPIONS} where data_day = ?", [DAY])
        assert row == [(poor.version, True)]
        # Trials around another champion are those of another search.
        assert len(list(tuned.folder.glob("trials-*.jsonl"))) == 2
    finally:
        lake.execute(f"delete from {CHAMPIONS} where data_day = ?", [earlier])
