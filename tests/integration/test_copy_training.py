"""A tiny model really tuned by the worker, in the copy environment, merged, and loaded again."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from overture.adapters.copy_engine.model_folder import MANIFEST, verify_folder
from overture.adapters.copy_process import run_module
from overture.adapters.copy_training.exchange import JOB, REPORT, TrainingPlan, read_job, read_report, write_job
from overture.adapters.copy_training.train import ADVICE, main
from overture.copy_tuning import WORKER
from overture.core.copy_training_set import Example
from overture.errors import CopyEngineError, ModelError
from overture.settings import CHECKOUT, PACKAGE
from paper_model import make_paper_model

PYTHON = CHECKOUT / ".venv-copy" / "bin" / "python"
SUPPORT = CHECKOUT / "tests" / "support"
ITEMS = ("Tea", "Green Tea", "Ham", "Rye Bread", "Apples", "Ice")
EXAMPLES = [
    Example(item, (("system", "Name a moment."), ("user", f"Item: {item}")), f"For {item[0].lower()}, think.")
    for item in ITEMS
]


def support(script: str, *arguments: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    command = [PYTHON, SUPPORT / script, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    support("tiny_llama.py", folder)
    return folder


def plan_of(base: Path, tokens: int = 12_000) -> TrainingPlan:
    return TrainingPlan(
        base=str(base),
        seed=7,
        tokens=tokens,
        minutes=5,
        batch_size=4,
        learning_rate=0.01,
        rank=8,
        alpha=16,
        dropout=0.0,
        targets=["q_proj", "v_proj", "down_proj"],
        warmup_share=0.1,
        most_threads=1,
    )


def tuned(job: Path, out: Path, plan: TrainingPlan) -> Path:
    write_job(job, plan, EXAMPLES)
    run_module(PYTHON, WORKER, ["--job", str(job), "--out", str(out)], stderr=subprocess.DEVNULL)
    return out


@pytest.fixture(scope="module")
def made(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return tuned(folder / "job", folder / "tuned", plan_of(tiny))


def test_the_tuned_model_is_a_whole_folder_that_differs_from_its_base_in_the_weights_alone(
    tiny: Path, made: Path
) -> None:
    assert verify_folder(made) != verify_folder(tiny)
    names = {path.name for path in tiny.iterdir()}
    assert {path.name for path in made.iterdir()} == names | {MANIFEST}
    differ = [name for name in names if (tiny / name).read_bytes() != (made / name).read_bytes()]
    assert differ == ["model.safetensors"]
    source = json.loads((made / MANIFEST).read_text())["source"]
    assert source["base"] == verify_folder(tiny)


def test_the_replies_are_learnt_and_the_report_says_what_it_took(made: Path) -> None:
    trained = read_report(made.parent / "job" / REPORT)
    # Random weights with most of them frozen learn slowly.
    assert trained.last_loss < 0.9 * trained.first_loss
    assert 12_000 <= trained.tokens < 13_000
    assert not trained.is_cut
    assert trained.examples > len(EXAMPLES)
    assert {"peft", "torch"} <= trained.packages.keys()


def test_the_merged_weights_know_what_the_adapters_learnt(tiny: Path, made: Path) -> None:
    job = made.parent / "job"
    before, after = (float(support("reply_losses.py", job, folder).split()[0]) for folder in (tiny, made))
    trained = read_report(job / REPORT)
    assert after < 0.9 * before
    assert after == pytest.approx(trained.last_loss, abs=0.3)


def test_a_batch_has_the_loss_that_its_examples_have_one_by_one(made: Path) -> None:
    packed, alone = map(float, support("reply_losses.py", made.parent / "job", made).split())
    assert packed == pytest.approx(alone, rel=1e-4)


def test_the_same_job_gives_the_same_weights_again(tiny: Path, made: Path, tmp_path: Path) -> None:
    again = tuned(tmp_path / "job", tmp_path / "tuned", plan_of(tiny))
    assert verify_folder(again) == verify_folder(made)


def test_minutes_end_a_training_that_the_tokens_do_not_and_the_report_says_so(tiny: Path, tmp_path: Path) -> None:
    out = tuned(tmp_path / "job", tmp_path / "tuned", replace(plan_of(tiny, tokens=10**9), minutes=0.05))
    assert read_report(tmp_path / "job" / REPORT).is_cut
    assert verify_folder(out)


def test_a_training_whose_parent_ends_leaves_no_model(tiny: Path, tmp_path: Path) -> None:
    job, out = tmp_path / "job", tmp_path / "tuned"
    write_job(job, plan_of(tiny, tokens=10**9), EXAMPLES)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    command = [PYTHON, "-m", WORKER, "--job", job, "--out", out]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        assert any("step 10," in line for line in worker.stderr)
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(timeout=30) == 1
    assert not out.exists()
    assert not (job / REPORT).exists()


def test_a_model_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        tuned(tmp_path / "job", tmp_path / "tuned", plan_of(tmp_path / "nowhere"))


def test_a_model_without_weights_fails_in_one_line(tmp_path: Path) -> None:
    paper = make_paper_model(tmp_path / "paper")
    with pytest.raises(CopyEngineError, match="the copy environment failed"):
        tuned(tmp_path / "job", tmp_path / "tuned", plan_of(paper))
    assert not (tmp_path / "tuned").exists()


def test_a_loss_that_is_no_number_ends_the_training(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(CopyEngineError, match="training went astray"):
        tuned(tmp_path / "job", tmp_path / "tuned", replace(plan_of(tiny), learning_rate=float("inf")))


@pytest.mark.parametrize(("lines", "why"), [(1, "nothing to learn"), (0, "no training job"), (None, "unreadable")])
def test_a_job_without_examples_or_plan_is_refused(tmp_path: Path, lines: int | None, why: str) -> None:
    if lines is not None:
        write_job(tmp_path, plan_of(tmp_path), EXAMPLES)
        kept = (tmp_path / JOB).read_text().splitlines()[:lines]
        (tmp_path / JOB).write_text("".join(f"{line}\n" for line in kept))
    with pytest.raises(CopyEngineError, match=why):
        read_job(tmp_path)


def test_want_of_memory_says_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("overture.adapters.copy_training.train.tune", fail)
    monkeypatch.setattr("overture.adapters.copy_training.train.end_with_input", lambda: None)
    assert main(["--job", str(tmp_path), "--out", str(tmp_path / "tuned")]) == 1
    assert f"no memory to tune; where: {tmp_path}; expected: {ADVICE}" in capfd.readouterr().out
