import re

from overture.settings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| promise |")
]
PROMISES = [
    "As of",
    "Idempotent",
    "Crash-safe",
    "Parallel",
    "Readers",
    "Schema drift",
    "Time",
    "Space and memory",
    "Gates",
    "Access",
]
TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)


def test_the_page_has_one_row_for_each_promise_in_order() -> None:
    assert [row[0] for row in ROWS] == PROMISES


def test_each_promise_says_what_by_which_rule_and_names_its_tests() -> None:
    for name, what, rule, tests, _ in ROWS:
        assert what.endswith("."), name
        assert rule, name
        assert re.findall(r"`(test_\w+)`", tests), name


def test_every_proof_that_the_page_names_is_one() -> None:
    source = (CHECKOUT / "prove" / "proofs.py").read_text(encoding="utf-8")
    there_are = set(re.findall(r'^    "(\w+)": ', source, re.MULTILINE))
    named = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[4])}
    assert named == there_are


def test_every_test_that_the_page_names_exists() -> None:
    there_are = {
        name
        for path in (CHECKOUT / "tests").rglob("test_*.py")
        for name in TEST.findall(path.read_text(encoding="utf-8"))
    }
    assert set(re.findall(r"`(test_\w+)`", PAGE)) - there_are == set()
