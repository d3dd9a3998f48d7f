"""Each fault is planted in a lake that passes every gate: the one expectation made for it has to fail, and the day
cannot be published then."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factor_faults import FACTOR_FAULTS, Change
from overture import gates
from overture.adapters.artifacts import FACTORS, MANIFEST, factors_folder
from overture.adapters.sources import load_source
from overture.adapters.warehouse import Warehouse, fences, landing, open_warehouse, publish, runs
from overture.adapters.warehouse.contracts import DIARIES, contracts
from overture.configuration import load_config
from overture.errors import GateError
from overture.quality.gate import SUITES, suite
from overture.run import Run
from overture.settings import Settings
from overture.steps import JUDGED
from overture.steps import STEPS as ALL_STEPS

DAY = date(2017, 11, 28)
HERE = Path(__file__).parent
BEFORE_PUBLISH = tuple(ALL_STEPS)[: list(ALL_STEPS).index("publish_day")]


class UndoneError(Exception):
    """Ends a transaction whose changes the next test must not find."""


@dataclass(frozen=True)
class Fault:
    """What is planted, and which expectation of which gate has to see it."""

    gate: str
    expectation: str
    sql: str


STEP_OF_SUITE = {"landed_events": "check_landed"}
"""Of suites that are not named like the step that uses them."""

FAULTS = [
    Fault(gate, expectation, sql)
    for gate, planted in tomllib.loads((HERE / "planted_faults.toml").read_text()).items()
    for expectation, statements in planted.items()
    for sql in statements
]


def check(gate: str, run: Run, warehouse: Warehouse) -> None:
    if gate == "landed_events":
        gates.check_landed(run, warehouse, load_source(run.settings.source))
        return
    checks: Mapping[str, Callable[[Run, Warehouse], None]] = {
        "interactions": gates.check_interactions,
        "marts": gates.check_marts,
        "recommendations": gates.check_recommendations,
        "messages": gates.check_messages,
        "factors": gates.check_factors,
    }
    checks[gate](run, warehouse)


@pytest.fixture(scope="module")
def run(module_settings: Settings) -> Run:
    with open_warehouse(module_settings) as warehouse:
        begun = runs.open_run(warehouse, DAY, "run-1", "configuration")
    return Run(module_settings, DAY, None, "run-1", begun.token)


@pytest.fixture(scope="module")
def lake(run: Run) -> Iterator[Warehouse]:
    """A lake and factors that pass every gate."""
    store_factors(run)
    with open_warehouse(run.settings) as warehouse:
        landing.ensure_raw_tables(warehouse)
        for name in set(contracts()) - DIARIES:
            warehouse.ensure_table(f"candidate.{name}")
        warehouse.write("good data", lambda inside: inside.execute((HERE / "good_lake.sql").read_text()))
        for step in BEFORE_PUBLISH:
            do_again(run, warehouse, step)
        publish.publish_day(warehouse, run, BEFORE_PUBLISH, JUDGED)
        yield warehouse


def do_again(run: Run, warehouse: Warehouse, step: str) -> None:
    """Note that the run has done a step."""
    catalog = warehouse.catalog.lake
    fences.finish(catalog, fences.begin_step(catalog, DAY, step, run.token, run.run_id))


def refused_by(gate: str, run: Run, warehouse: Warehouse, reason: str) -> None:
    """Judge the lake by a gate that has to refuse it for `reason`, as a run does; its day cannot be published then."""
    step = STEP_OF_SUITE.get(gate, f"check_{gate}")
    before = published(warehouse)
    fences.begin_step(warehouse.catalog.lake, DAY, step, run.token, run.run_id)
    with pytest.raises(GateError, match=reason):
        check(gate, run, warehouse)
    with pytest.raises(GateError, match=f"not all steps are done.*{step}"):
        publish.publish_day(warehouse, run, BEFORE_PUBLISH, JUDGED)
    assert published(warehouse) == before
    do_again(run, warehouse, step)


def published(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    tables = ("recommendations", "messages", "message_claims")
    return [warehouse.rows(f"select * from marts.{table} order by all") for table in tables]


@pytest.mark.parametrize("gate", SUITES)
def test_good_data_pass_the_gate_and_every_verdict_is_kept(gate: str, run: Run, lake: Warehouse) -> None:
    check(gate, run, lake)
    kept = lake.rows("select expectation, success from marts.validations where suite = ? and data_day = ?", [gate, DAY])
    assert sorted(kept) == sorted((expectation.meta["name"], True) for expectation in suite(gate).expectations)


def test_good_data_are_published(lake: Warehouse) -> None:
    assert all(published(lake))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.expectation}-{fault.sql[:60]}")
def test_a_planted_fault_fails_the_expectation_made_for_it(
    fault: Fault, run: Run, lake: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The gate judges by that expectation alone: the others take as long as everything else here.
    whole = SUITES[fault.gate]
    monkeypatch.setitem(
        SUITES, fault.gate, lambda told: [one for one in whole(told) if one.meta["name"] == fault.expectation]
    )

    def plant(inside: Warehouse) -> None:
        inside.execute(fault.sql)
        refused_by(fault.gate, run, inside, rf"suite {fault.gate} failed: .*\b{fault.expectation}\b")
        verdict = inside.rows(
            "select success from marts.validations where data_day = ? and suite = ? and expectation = ?",
            [DAY, fault.gate, fault.expectation],
        )
        assert verdict == [(False,)]
        raise UndoneError

    with pytest.raises(UndoneError):
        lake.write("plant a fault", plant)


def store_factors(run: Run, change: Change | None = None) -> Path:
    """Write good factors of the good lake, changed as told; the manifest's sha256 is that of what is written."""
    generator = np.random.default_rng(7)
    users, items = ["ana", "ben", "cy"], [f"item-{n}" for n in range(4)]
    size = load_config("als")["factors"]
    arrays = {
        "user_factors": generator.normal(0, 0.1, (3, size)).astype(np.float32),
        "item_factors": generator.normal(0, 0.1, (4, size)).astype(np.float32),
        "user_ids": np.array(users),
        "item_ids": np.array(items),
    }
    manifest: dict[str, Any] = {"data_day": DAY.isoformat(), "input": {"rows": 12}}
    if change is not None:
        change(arrays, manifest)
    folder = factors_folder(run.settings, DAY)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / FACTORS, **arrays)
    manifest["files"] = {FACTORS: sha256((folder / FACTORS).read_bytes()).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(("expectation", "what", "change"), FACTOR_FAULTS, ids=[what for _, what, _ in FACTOR_FAULTS])
def test_spoiled_factors_fail_the_expectation_made_for_it(
    expectation: str, what: str, change: Change, run: Run, lake: Warehouse
) -> None:
    store_factors(run, change)
    refused_by("factors", run, lake, rf"suite factors failed: .*\b{expectation}\b")
    store_factors(run)


@pytest.mark.parametrize("damage", [lambda content: content[:-40], lambda content: content[:-9] + b"x" + content[-8:]])
def test_factors_altered_since_their_training_are_refused(
    damage: Callable[[bytes], bytes], run: Run, lake: Warehouse
) -> None:
    path = store_factors(run) / FACTORS
    path.write_bytes(damage(path.read_bytes()))
    refused_by("factors", run, lake, "the_artifact_is_what_its_manifest_says")
    store_factors(run)


def test_a_closed_day_may_be_without_events(run: Run, lake: Warehouse) -> None:
    source = load_source(run.settings.source)

    def close(inside: Warehouse) -> None:
        inside.execute("delete from raw.events where data_day = ?", [DAY])
        inside.execute("update raw.landings set row_count = 0 where entity = 'events' and data_day = ?", [DAY])
        gates.check_landed(run, inside, replace(source, closed_days=frozenset([DAY])))
        with pytest.raises(GateError, match=r"failed: the_day_has_events\b"):
            gates.check_landed(run, inside, replace(source, closed_days=frozenset()))
        raise UndoneError

    with pytest.raises(UndoneError):
        lake.write("close the shop", close)


def test_before_anybody_consented_a_day_without_readers_passes(run: Run, lake: Warehouse) -> None:
    def forget_consent(inside: Warehouse) -> None:
        inside.execute("update candidate.audience set is_eligible = false, has_consent = false")
        for table in ("recommendations", "recommendation_reasons", "messages", "message_claims"):
            inside.execute(f"delete from candidate.{table}")
        with pytest.raises(GateError, match="there_are_eligible_users_once_somebody_consented"):
            gates.check_marts(run, inside)
        inside.execute("update raw.users set has_consent = false")
        for gate in ("marts", "recommendations", "messages"):
            check(gate, run, inside)
        raise UndoneError

    with pytest.raises(UndoneError):
        lake.write("forget consent", forget_consent)


def test_the_last_hours_of_a_day_west_of_greenwich_are_of_that_day(run: Run, lake: Warehouse) -> None:
    source = load_source(run.settings.source)

    def shop_late(inside: Warehouse) -> None:
        inside.execute("update raw.events set occurred_at = '2017-11-29 04:59:59' where event_id = 'd7'")
        gates.check_landed(run, inside, replace(source, timezone="America/New_York"))
        with pytest.raises(GateError, match="nothing_happens_after_the_day"):
            gates.check_landed(run, inside, replace(source, timezone="UTC"))
        raise UndoneError

    with pytest.raises(UndoneError):
        lake.write("shop late", shop_late)


def test_a_gate_that_runs_again_replaces_its_verdicts_and_leaves_those_of_others(run: Run, lake: Warehouse) -> None:
    def count(step: str) -> int:
        return int(lake.rows("select count(*) from marts.validations where step = ?", [step])[0][0])

    gates.check_marts(run, lake)
    gates.check_interactions(run, lake)
    counts = count("check_marts"), count("check_interactions")
    gates.check_marts(run, lake)
    assert (count("check_marts"), count("check_interactions")) == counts


def test_no_expectation_is_without_a_planted_fault() -> None:
    planted = {(fault.gate, fault.expectation) for fault in FAULTS}
    planted |= {("factors", expectation) for expectation, _, _ in FACTOR_FAULTS}
    planted.add(("factors", "the_artifact_is_what_its_manifest_says"))
    expected = {(name, expectation.meta["name"]) for name in SUITES for expectation in suite(name).expectations}
    assert planted == expected
