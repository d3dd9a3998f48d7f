"""Several workers of one job, and a budget: our whole side of the engine, over a vLLM that is none."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from double_job import BATCH, DoubleJob, requests
from overture.adapters.copy_engine.exchange import Budget, is_over_budget, read_shard, shards


@pytest.mark.parametrize("parts", [1, 2])
def test_workers_at_once_make_every_draft_once(tmp_path: Path, parts: int) -> None:
    asked = requests(30)
    job = DoubleJob(tmp_path, asked, seconds=0.3)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: job.generate(number % parts, parts), range(2)))
    assert job.made == sorted(request.draft_id for request in asked)
    assert sum(job.batches) == len(asked)
    assert len({path.name.rsplit("-", 1)[0] for path in shards(job.out)}) == 2


def test_a_worker_begins_with_its_part_and_then_does_the_rest(tmp_path: Path) -> None:
    job = DoubleJob(tmp_path, requests(12))
    job.generate(1, 2)
    first = [draft.draft_id for draft in read_shard(shards(job.out)[0])]
    assert first == [f"draft{n}" for n in range(6, 12)]
    assert len(job.made) == 12


def test_what_another_job_is_making_is_awaited_and_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, two = DoubleJob(tmp_path, requests(12), seconds=0.5), DoubleJob(tmp_path / "other", requests(14), seconds=0.1)
    two.out = one.out
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: job.generate(), (one, two)))
    assert sum(one.batches) + sum(two.batches) == 14
    assert len(one.made) == 14


def test_a_spent_budget_leaves_the_rest_undone_and_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    job = DoubleJob(tmp_path, requests(3 * BATCH), Budget(tokens=BATCH + 1))
    job.generate()
    assert job.batches == [BATCH, BATCH]
    assert "the budget is spent after 12 tokens; 6 drafts are left" in capfd.readouterr().err
    assert is_over_budget(job.job, "run")
    assert not is_over_budget(job.job, "another run")
    # What the run has spent counts when its step is tried again.
    job.generate()
    assert job.batches == [BATCH, BATCH]


def test_a_budget_of_seconds_ends_after_the_batch_in_hand(tmp_path: Path) -> None:
    job = DoubleJob(tmp_path, requests(3 * BATCH), Budget(seconds=1), seconds=1.1)
    job.generate()
    assert job.batches == [BATCH]
    assert is_over_budget(job.job, "run")


def test_without_a_ceiling_everything_is_made(tmp_path: Path) -> None:
    job = DoubleJob(tmp_path, requests(2 * BATCH))
    job.generate()
    assert len(job.made) == 2 * BATCH
    assert not is_over_budget(job.job, "run")
