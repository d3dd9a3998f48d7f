from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import bench_published
from bench.planted import Plan, plant
from bench.strong_generalisation import Likes, published_metrics, split

SMALL = Plan(users=400, items=240, clusters=4, purchases=40, loyalty=0.9, skew=0.3, seed=4)
PARAMETERS = replace(bench_published.PARAMETERS, factors=8, iterations=5)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_published, "PLAN", SMALL)
    monkeypatch.setattr(bench_published, "PARAMETERS", PARAMETERS)
    monkeypatch.setattr(bench_published, "HELD_OUT", 50)
    monkeypatch.delenv(bench_published.VARIABLE, raising=False)


def ratings_file(folder: Path) -> Path:
    users, items = plant(SMALL).bought.nonzero()
    path = folder / "ratings.csv"
    rows = [f"{user + 1},{item + 1},4.5,0" for user, item in zip(users, items, strict=True)]
    path.write_text("\n".join(["userId,movieId,rating,timestamp", *rows]), encoding="utf-8")
    return path


def test_without_the_file_the_benchmark_says_so_and_measures_the_drawn_shop(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench_published.main()
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("MovieLens-20M: LEFT OUT, OVERTURE_MOVIELENS is not set; bench/README.md says where")
    assert any(line.startswith("drawn shop:") for line in rest)

    monkeypatch.setenv(bench_published.VARIABLE, "nowhere/ratings.csv")
    bench_published.main()
    assert "OVERTURE_MOVIELENS nowhere/ratings.csv is no file" in capsys.readouterr().out


def test_with_the_file_each_model_stands_beside_what_is_published(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(bench_published.VARIABLE, str(ratings_file(tmp_path)))

    bench_published.main()

    out = capsys.readouterr().out
    assert "LEFT OUT" not in out
    for line in ("als, validation", "als, test", "ease, test", "als, wanted of the test", "EASE, Steck", "Mult-VAE"):
        assert any(printed.startswith(line) for printed in out.splitlines()), line


@pytest.mark.parametrize("name", ["als", "ease"])
def test_held_out_users_get_what_they_like_and_not_what_they_showed(name: str) -> None:
    users, items = plant(SMALL).bought.nonzero()
    parts = split(Likes.of(users, items, np.full(len(users), 5.0)), 50, seed=1)
    learnt = bench_published.als_of(parts, PARAMETERS) if name == "als" else bench_published.ease_of(parts, 50.0)

    lists = learnt(parts.test.fold_in)

    shown = parts.test.fold_in.toarray() > 0
    assert not np.take_along_axis(shown, lists, axis=1).any()
    # By chance 50 of 240 items hold a fifth of the targets; the user's cluster, 60 of them, nearly all.
    assert published_metrics(lists, parts.test.targets)["Recall@50"].mean() > 0.5
