import re

from overture.quality.gate import SUITES, suite
from overture.settings import CHECKOUT

ROW = re.compile(
    r"^\| (?P<fault>[^|]+) \| `(?P<gate>check_\w+)` \| `(?P<expectation>\w+)` \| `(?P<test>test_\w+)` \|$", re.M
)
ROWS = [row.groupdict() for row in ROW.finditer((CHECKOUT / "docs" / "gates.md").read_text(encoding="utf-8"))]
GATES = {"landed_events": "check_landed"}
"""Of suites that are not named like their gate."""


def test_the_page_lists_every_expectation_once_under_its_gate_and_no_other() -> None:
    listed = [(row["gate"], row["expectation"]) for row in ROWS]
    there_are = [
        (GATES.get(name, f"check_{name}"), expectation.meta["name"])
        for name in SUITES
        for expectation in suite(name).expectations
    ]
    assert listed == there_are


def test_every_fault_is_named_once() -> None:
    faults = [row["fault"] for row in ROWS]
    assert sorted(set(faults)) == sorted(faults)


def test_the_tests_named_on_the_page_exist() -> None:
    tests = (CHECKOUT / "tests" / "integration" / "test_gates_catch_planted_faults.py").read_text(encoding="utf-8")
    assert {row["test"] for row in ROWS} <= set(re.findall(r"^def (test_\w+)", tests, flags=re.M))
