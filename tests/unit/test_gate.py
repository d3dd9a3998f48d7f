import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from overture.configuration import load_config
from overture.errors import GateError
from overture.quality import gate
from overture.quality.gate import SUITES, Validation, judge, refuse
from overture.quality.suites.expectations import at_least, at_most, between, equal, none_of, not_above

Suite = Callable[..., None]


@pytest.fixture
def suite_of(monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Replace the suite of interactions by the given expectations."""

    def replace(*expectations: object) -> None:
        monkeypatch.setattr(gate, "SUITES", {"interactions": lambda _limits: list(expectations)})

    return replace


def verdict_on(measured: "Mapping[str, object] | pd.DataFrame") -> Validation:
    (verdict,) = judge("interactions", measured)
    return verdict


def test_a_quantity_in_its_range_passes_and_is_shown(suite_of: Suite) -> None:
    suite_of(between("size_is_right", "size", 1, 10))
    assert verdict_on({"size": 7}) == Validation("interactions", "size_is_right", True, "7", ">= 1 and <= 10")


def test_a_count_of_faults_fails_and_names_one_of_them(suite_of: Suite) -> None:
    suite_of(none_of("no_faults", "faults"))
    verdict = verdict_on({"faults": 3, "faults_example": "user_id=7"})
    assert verdict == Validation("interactions", "no_faults", False, "3, such as user_id=7", "= 0")


def test_without_faults_no_example_is_shown(suite_of: Suite) -> None:
    suite_of(none_of("no_faults", "faults"))
    assert verdict_on({"faults": 0, "faults_example": None}).observed == "0"


def test_verdicts_come_in_the_order_of_the_suite_also_when_the_first_fails(suite_of: Suite) -> None:
    suite_of(none_of("first", "a"), at_most("second", "b", 1), at_least("third", "c", 1))
    verdicts = judge("interactions", {"a": 1, "b": 0, "c": 0})
    assert [(verdict.expectation, verdict.success) for verdict in verdicts] == [
        ("first", False),
        ("second", True),
        ("third", False),
    ]


@pytest.mark.parametrize("unmeasured", [None, float("nan"), pd.NA])
def test_a_null_is_no_measurement_and_fails(suite_of: Suite, unmeasured: object) -> None:
    suite_of(none_of("no_faults", "faults"))
    verdict = verdict_on({"faults": unmeasured})
    assert (verdict.success, verdict.observed) == (False, "not measured: faults")


def test_an_absent_quantity_fails_and_spares_the_other_verdicts(suite_of: Suite) -> None:
    suite_of(none_of("no_faults", "faults"), at_least("rows", "rows", 1))
    faults, rows = judge("interactions", {"rows": 1})
    assert (faults.success, faults.observed) == (False, "not measured: faults")
    assert rows.success


def test_an_empty_frame_fails_every_expectation(suite_of: Suite) -> None:
    suite_of(none_of("no_faults", "faults"), equal("all_rows", "rows", "ids"))
    empty = pd.DataFrame({"faults": [], "rows": [], "ids": []})
    assert [verdict.success for verdict in judge("interactions", empty)] == [False, False]


def test_infinity_is_above_every_ceiling(suite_of: Suite) -> None:
    suite_of(at_most("norms", "norm", 100.0))
    assert not verdict_on({"norm": float("inf")}).success


def test_two_quantities_are_compared_and_both_are_shown(suite_of: Suite) -> None:
    suite_of(equal("all_rows", "rows", "ids"))
    assert verdict_on({"rows": 3, "ids": 4}) == Validation("interactions", "all_rows", False, "3", "= ids (4)")
    assert verdict_on({"rows": 4, "ids": 4}).success


def test_equality_with_something_unmeasured_fails(suite_of: Suite) -> None:
    suite_of(equal("all_rows", "rows", "ids"))
    assert verdict_on({"rows": None, "ids": None}).observed == "not measured: rows, ids"


def test_only_the_failing_rows_of_a_frame_are_shown_with_their_names(suite_of: Suite) -> None:
    suite_of(not_above("share_is_allowed", "share", "allowed"))
    frame = pd.DataFrame({"share": [0.25, 0.0], "allowed": [0.1, 0.1]}, index=["events", "items"])
    verdict = verdict_on(frame)
    assert (verdict.observed, verdict.expected) == ("events: 0.25", "<= allowed (events: 0.1)")


def test_a_long_example_from_outside_is_cut(suite_of: Suite) -> None:
    suite_of(none_of("no_faults", "faults"))
    assert len(verdict_on({"faults": 1, "faults_example": "x" * 5000}).observed) == gate.LONGEST_TEXT


def test_a_refusal_names_suite_place_expectation_observed_and_expected() -> None:
    verdicts = [
        Validation("marts", "rows", True, "3", ">= 1"),
        Validation("marts", "one_row_per_user", False, "2, such as 7", "= 0"),
        Validation("marts", "consent", False, "1", "= 0"),
    ]
    with pytest.raises(GateError) as refusal:
        refuse("marts", verdicts, "check_marts of 2017-11-28")
    assert str(refusal.value) == (
        "2 of 3 expectations of suite marts failed: one_row_per_user, consent;"
        " where: check_marts of 2017-11-28, one_row_per_user; expected: = 0; got: 2, such as 7"
    )
    assert refusal.value.exit_code == 1


def test_nothing_is_refused_when_all_hold() -> None:
    refuse("marts", [Validation("marts", "rows", True, "3", ">= 1")], "check_marts of 2017-11-28")


def test_judging_opens_no_socket_and_writes_no_file(
    suite_of: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refused(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    suite_of(none_of("no_faults", "faults"))
    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert verdict_on({"faults": 0}).success
    assert list(tmp_path.iterdir()) == []
    assert "Calculating" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", SUITES)
def test_names_within_a_suite_are_unique_and_each_judges_what_it_says(name: str) -> None:
    metas: list[dict[str, Any]] = [expectation.meta for expectation in gate.suite(name).expectations]
    names = [meta["name"] for meta in metas]
    assert len(set(names)) == len(names) > 0
    assert all(meta["quantity"] and meta["expected"] for meta in metas)


def test_every_suite_has_its_thresholds_and_no_threshold_is_without_a_suite() -> None:
    assert set(load_config("gates")) == set(SUITES)
