"""The embedding worker with the real model, in the copy environment."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from overture.adapters.copy_engine.embed import MOST_TOKENS
from overture.adapters.copy_process import run_module
from overture.adapters.item_embeddings import WORKER, embed
from overture.errors import ModelError
from overture.settings import CHECKOUT, Settings

COPY_PYTHON = CHECKOUT / ".venv-copy" / "bin" / "python"
TEXTS = [
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
    "beer",
    "Beer",
    "",
    *(f"{word}, GROCERY" for word in ("TEA", "COFFEE", "BREAD", "CHEESE", "PIZZA FROZEN", "SOUP")),
]


def embedded(folder: Path, texts: Sequence[str]) -> np.ndarray:
    job, out = folder / "texts.jsonl", folder / "embeddings.npy"
    job.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    run_module(COPY_PYTHON, WORKER, ["--texts", str(job), "--out", str(out)])
    found: np.ndarray = np.load(out, allow_pickle=False)
    return found


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return embedded(tmp_path_factory.mktemp("together"), TEXTS)


def test_embeddings_are_float32_rows_of_length_one(together: np.ndarray) -> None:
    assert together.dtype == np.float32
    assert together.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-6)


def test_similarities_are_those_that_the_makers_of_the_model_publish(together: np.ndarray) -> None:
    # The first example of sbert.net, "Quickstart", for this model.
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(together[:3] @ together[:3].T, published, atol=1e-4)


def test_the_model_does_not_tell_capitals_apart(together: np.ndarray) -> None:
    assert (together[3] == together[4]).all()


def test_a_text_has_the_same_bits_whatever_stands_beside_it(tmp_path: Path, together: np.ndarray) -> None:
    order = [7, 2, 5, 0]
    assert (embedded(tmp_path, [TEXTS[row] for row in order]) == together[order]).all()


def test_of_a_long_text_the_beginning_counts(tmp_path: Path) -> None:
    long = "milk " * (2 * MOST_TOKENS)
    found = embedded(tmp_path, [long, long + "hammer", "hammer " + long])
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()


def test_the_home_keeps_what_the_worker_made(tmp_path: Path, together: np.ndarray) -> None:
    settings = Settings.from_environment({"OVERTURE_HOME": str(tmp_path), "OVERTURE_COPY_PYTHON": str(COPY_PYTHON)})
    assert (embed(settings, TEXTS[:3]) == together[:3]).all()
    without_engine = replace(settings, copy_python=tmp_path / "no-python")
    assert (embed(without_engine, TEXTS[:3]) == together[:3]).all()


def test_an_environment_without_the_model_is_named(tmp_path: Path) -> None:
    # Ours, which has none.
    settings = replace(Settings.from_environment({"OVERTURE_HOME": str(tmp_path)}), copy_python=Path(sys.executable))
    with pytest.raises(ModelError, match="no embedding model"):
        embed(settings, ["tea"])
