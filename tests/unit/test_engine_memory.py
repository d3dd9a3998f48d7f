"""Batches that memory does not suffice for: our whole side of the engine, over a vLLM that fails as it is told."""

import logging
from pathlib import Path

import pytest

from double_job import DoubleJob, requests
from overture.adapters.copy_engine.memory import is_out_of_memory
from overture.errors import CopyEngineError, EngineMemoryError, ModelError

REQUESTS = requests(7)
FAILURES = ("gpu", "cpu", "python", "kernel", "native")


@pytest.mark.parametrize("failure", FAILURES)
def test_a_batch_without_memory_is_tried_in_halves_by_a_new_process_until_all_drafts_are_made(
    tmp_path: Path, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    trial = DoubleJob(tmp_path, REQUESTS, failure=failure, fits=2)
    with caplog.at_level(logging.WARNING, "overture.copy"):
        trial.generate()
    assert trial.batches == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    assert trial.made == [request.draft_id for request in REQUESTS]
    assert [message.partition("going on in ")[2] for message in caplog.messages] == ["batches of 3", "batches of 1"]


@pytest.mark.parametrize("failure", ["gpu", "kernel"])
def test_one_draft_without_memory_is_an_error_that_says_what_to_do(tmp_path: Path, failure: str) -> None:
    trial = DoubleJob(tmp_path, REQUESTS, failure=failure, fits=0)
    with pytest.raises(
        CopyEngineError, match=r"no memory for a single draft.*more memory.*batch_size.*copy\.toml"
    ) as e:
        trial.generate()
    assert not isinstance(e.value, EngineMemoryError)
    assert trial.batches == [6, 3, 1]


def test_shards_that_were_finished_before_memory_ran_out_stay_and_are_not_made_again(tmp_path: Path) -> None:
    trial = DoubleJob(tmp_path, REQUESTS, failure="cpu", fits=6)
    trial.generate()
    more = [*REQUESTS, *requests(4, "more")]
    again = DoubleJob(tmp_path, more, failure="cpu", fits=1)
    again.generate()
    # Two of four are too many; those that were there are asked for no more.
    assert again.batches == [6, 1, 4, 2, 1, 1, 1, 1]
    assert again.made == sorted(request.draft_id for request in more)


@pytest.mark.parametrize("failure", ["cpu", "gpu", "taken", "kernel"])
def test_an_engine_that_cannot_start_for_memory_is_started_once_and_says_what_to_do(
    tmp_path: Path, failure: str
) -> None:
    trial = DoubleJob(tmp_path, REQUESTS, failure=failure, fits=None)
    with pytest.raises(CopyEngineError, match=r"more memory, or a smaller \[engine\] cache_gib") as caught:
        trial.generate()
    assert not isinstance(caught.value, EngineMemoryError)
    assert (trial.batches, trial.made) == ([], [])


def test_a_batch_that_fails_for_another_reason_is_not_tried_in_halves(tmp_path: Path) -> None:
    trial = DoubleJob(tmp_path, REQUESTS, failure="grammar", fits=2)
    with pytest.raises(CopyEngineError, match="no grammar") as caught:
        trial.generate()
    assert not isinstance(caught.value, EngineMemoryError)
    assert trial.batches == [6]


def test_a_model_of_a_shorter_context_than_is_asked_for_is_refused_before_its_engine_starts(tmp_path: Path) -> None:
    trial = DoubleJob(tmp_path, REQUESTS)
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 256}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"too short a context.*context_tokens of at most 256.*got: 512"):
        trial.generate()
    assert (trial.batches, trial.made) == ([], [])


def test_want_of_memory_is_known_behind_the_error_that_it_led_to() -> None:
    dead = RuntimeError("engine dead")
    assert not is_out_of_memory(dead)
    dead.__cause__ = MemoryError()
    assert is_out_of_memory(dead)
