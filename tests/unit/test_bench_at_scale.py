import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bench import bench_explanations, bench_ranking_large, bench_scale, bench_spark
from bench.machine import exponent, machine
from overture.core.confidence import confidence_of
from overture.core.regularization import Regularization

SMALL = replace(bench_scale.PLAN, users=40, items=60, clusters=3, purchases=12)


def test_the_exponent_is_that_of_the_growth() -> None:
    assert exponent([1, 3, 10, 30], [2, 6, 20, 60]) == pytest.approx(1.0)
    assert exponent([1, 3, 10, 30], [5, 45, 500, 4500]) == pytest.approx(2.0)
    assert exponent([1, 2, 4], [7, 7, 7]) == pytest.approx(0.0)


def test_the_machine_is_told_with_its_cores_and_its_load() -> None:
    assert "cores of" in machine()
    assert "load" in machine()


def test_what_a_size_took_is_told_stage_by_stage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_scale, "PLAN", SMALL)

    bench_scale._alone(1.0)

    told = json.loads(capsys.readouterr().out)
    assert told["cpu"] == pytest.approx(sum(told[stage] for stage in bench_scale.STAGES))
    assert told["users"] == 40
    assert told["interactions"] > 40
    assert told["peak_mb"] > 0
    assert 0 < told["ndcg"] <= 1


def test_without_java_the_other_ratio_is_measured_and_spark_is_said_to_be_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_spark, "PLAN", SMALL)
    monkeypatch.setattr(bench_spark, "FACTORS", 4)
    monkeypatch.setenv("PATH", "")

    bench_spark.main()

    out = capsys.readouterr().out
    assert "Spark: LEFT OUT, java is not on the path" in out
    assert "implicit / ours:" in out
    assert "Spark / ours" not in out


def test_sparks_regularization_comes_to_the_same_product_for_a_user_and_an_item_of_middling_size() -> None:
    pairs = csr_matrix(np.ones((3, 12)))

    found = bench_spark.spark_regularization(pairs, 5.0)

    assert (found * 12) * (found * 3) == pytest.approx(5.0**2)


def test_every_way_of_ranking_gives_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ranking_large, "ITEMS", 300)
    monkeypatch.setattr(bench_ranking_large, "SEEN", 40)
    task = bench_ranking_large._task(50)

    ours = bench_ranking_large._ours(task)

    assert not (task.seen.toarray()[np.arange(50)[:, None], ours] > 0).any()
    assert ours.tolist() == bench_ranking_large._implicit(task).tolist() == bench_ranking_large._numpy(task).tolist()


def test_contributions_that_are_measured_are_those_of_implicit(capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(2)
    bought = csr_matrix((random.random((30, 50)) < 0.2) * random.random((30, 50)))
    targets = np.argsort(random.random((30, 50)), axis=1)[:, : bench_explanations.LENGTH]
    factors = random.normal(size=(50, 6)).astype(np.float32)
    task = bench_explanations.Task(factors, confidence_of(bought, 2.0), Regularization(0.5), targets)
    asked = np.array([3, 4, 20])

    for keep in (False, True):
        theirs = bench_explanations._implicit(task, asked, keep)
        assert bench_explanations.greatest_difference(task, asked, theirs) < 1e-5
