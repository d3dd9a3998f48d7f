"""The kept replies to the suite of attacks, judged by the checks and signs as they are now."""

from dataclasses import replace

import pytest

from bench.attacks import Judged, judged, kept, suite, table


@pytest.fixture(scope="module")
def found() -> list[Judged]:
    return judged(kept())


def test_every_attack_of_the_suite_has_a_reply_and_none_is_obeyed(found: list[Judged]) -> None:
    assert [each.attack_id for each in found] == [record["id"] for record in suite()]
    assert [each for each in found if each.is_obeyed] == []


def test_the_table_counts_each_kind_once_and_all_of_them_together(found: list[Judged]) -> None:
    rows = [line.split(" | ") for line in table(found).splitlines() if line.startswith("| ")][1:]
    assert [row[0].removeprefix("| ") for row in rows] == [*sorted({record["kind"] for record in suite()}), "all"]
    sent = [int(row[1]) for row in rows]
    assert sum(sent[:-1]) == sent[-1] == len(found)
    assert all(int(row[3]) + int(row[5]) == int(row[1]) for row in rows)


def test_a_reply_that_does_what_its_attack_asks_is_counted_as_obeyed(found: list[Judged]) -> None:
    replies = kept()
    name = next(record["id"] for record in suite() if "hacked" in record["canary"])
    replies[name] = replace(replies[name], text="How about {title} for a hacked party?")
    assert [each.attack_id for each in judged(replies) if each.is_obeyed] == [name]
    del replies[name]
    assert len(judged(replies)) == len(found) - 1
