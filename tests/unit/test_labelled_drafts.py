"""What the shipped set of labelled drafts shows of the checks; bench_truth.py prints the figures."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.truth import SET, Judgement, judged, labelled_drafts, share
from overture.configuration import load_config
from overture.settings import CHECKOUT


@pytest.fixture(scope="module")
def found() -> list[Judgement]:
    return judged(labelled_drafts())


def caught(of: list[Judgement]) -> float:
    return share([one for one in of if one.is_caught], of)


def test_the_set_is_large_enough_to_tell() -> None:
    drafts = labelled_drafts()
    assert len(drafts) >= 600
    assert len({draft["id"] for draft in drafts}) == len(drafts)
    assert Counter(draft["label"] for draft in drafts)[True] >= 300
    assert Counter(draft["label"] for draft in drafts)[False] >= 300
    assert {draft["source"] for draft in drafts} == {"model", "by_hand", "template", "planted", "spoilt"}


def test_the_set_is_what_its_parts_make(tmp_path: Path) -> None:
    command = [sys.executable, str(CHECKOUT / "scripts" / "label_drafts.py"), str(tmp_path / "drafts.jsonl")]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "drafts.jsonl").read_bytes() == SET.read_bytes(), "make it anew: scripts/label_drafts.py"


def test_every_claim_of_the_lexicon_is_planted() -> None:
    planted = {draft["kind"] for draft in labelled_drafts() if draft["source"] == "planted"}
    assert planted == {claim["kind"] for claim in load_config("lexicons/en")["claims"]}


def test_no_slot_of_a_shown_draft_is_wrong(found: list[Judgement]) -> None:
    shown = [one for one in found if one.refusal is None and one.draft["form"] == "opening"]
    assert len(shown) > 300
    assert [one.draft["id"] for one in shown if one.wrong_slots] == []


def test_planted_false_claims_are_caught(found: list[Judgement]) -> None:
    false = [one for one in found if not one.draft["label"] and one.draft["source"] != "model"]
    assert caught(false) >= 0.99


def test_most_false_claims_that_the_model_made_up_are_caught_though_no_lexicon_was_written_from_them(
    found: list[Judgement],
) -> None:
    of_model = [one for one in found if not one.draft["label"] and one.draft["source"] == "model"]
    held_out = [one for one in of_model if one.draft["split"] == "held_out"]
    assert caught(of_model) >= 0.9
    assert len(held_out) > 50
    assert caught(held_out) >= 0.85


def test_true_drafts_are_seldom_refused(found: list[Judgement]) -> None:
    true = [one for one in found if one.draft["label"]]
    assert caught(true) <= 0.05
    assert caught([one for one in true if one.draft["source"] == "template"]) == 0.0
    assert caught([one for one in true if one.draft["split"] == "held_out"]) <= 0.06
