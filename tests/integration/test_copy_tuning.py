"""The whole step on a tiny model: trained, merged, judged by the real engine, decided, and noted."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from overture import steps
from overture.adapters.copy_engine.exchange import read_job, read_shards
from overture.adapters.copy_training.exchange import read_job as read_lessons
from overture.adapters.model_store import locate_model
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.copy_models import COPY_MODELS, in_force
from overture.configuration import load_config
from overture.copy_examples import gathered
from overture.copy_judging import obeyed_canaries
from overture.copy_lessons import suited
from overture.copy_tuning import Order, Stated, Tuned, tune
from overture.settings import CHECKOUT, Settings

pytestmark = pytest.mark.slow

DAY = date(2017, 8, 15)
PYTHON = CHECKOUT / ".venv-copy" / "bin" / "python"
LIKES = ["coffee and tea a lot", "home baking a little"]
TITLES = [f"{kind} {number}" for number, kind in enumerate(["RYE BREAD", "GROUND COFFEE", "CAT LITTER", "ODDS"] * 8)]


@pytest.fixture(scope="module")
def lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A day that a run has made, and a model that has learnt nothing."""
    tiny = tmp_path_factory.mktemp("tiny") / "tiny"
    subprocess.run([PYTHON, CHECKOUT / "tests" / "support" / "tiny_llama.py", tiny], check=True, env=dict(os.environ))
    settings = replace(module_settings, model=str(tiny), copy_python=PYTHON)
    plain = {"data_day": DAY, "category": "SHELF", "currency": "USD", "is_available": True, "valid_from": DAY}
    steps.open_run(settings, DAY)
    with open_warehouse(settings) as opened:
        items = [{**plain, "item_id": f"i{number}", "title": title} for number, title in enumerate(TITLES)]
        opened.replace_day("marts.item_facts", DAY, pa.Table.from_pylist(items))
        readers = [{"data_day": DAY, "user_id": likes, "signature": likes} for likes in LIKES]
        opened.replace_day("marts.user_signatures", DAY, pa.Table.from_pylist(readers))
        yield opened


@pytest.fixture(scope="module")
def tuned(lake: Warehouse) -> Tuned:
    return tune(lake.settings, Order(DAY, minutes=1), print)


def row(lake: Warehouse) -> dict[str, object]:
    (found,) = lake.arrow(f"select * from {COPY_MODELS}").to_pylist()
    return dict(found)


def test_a_model_that_writes_nothing_better_is_not_promoted_and_its_row_says_everything(
    lake: Warehouse, tuned: Tuned
) -> None:
    found = row(lake)
    assert (found["data_day"], found["is_accepted"], found["reason"]) == (DAY, False, tuned.verdict.reason)
    assert "The model in force stays" in tuned.verdict.reason
    assert found["fingerprint"] != found["base"] == locate_model(lake.settings).fingerprint == found["champion"]
    assert [name for name, value in found.items() if value is None] == []
    assert in_force(lake, DAY + timedelta(days=1)) is None


def test_what_is_taught_fits_its_item_and_is_told_of_the_reader_whose_likes_it_suits(
    lake: Warehouse, tuned: Tuned
) -> None:
    stated = Stated.read()
    found = gathered(lake, DAY, locate_model(lake.settings), stated.set, stated.seed)
    fitting = suited(lake.settings, found, stated.set)
    assert 0 < len(fitting) < len(found.lessons)
    (job,) = tuned.folder.glob("*/job.jsonl")
    examples = read_lessons(job.parent)[1]
    assert sorted(each.reply for each in examples) == sorted(lesson.text for lesson in fitting)
    liked = {kind: [each.messages[-1][1] for each in examples if kind in each.item] for kind in ("coffee", "cat")}
    assert all("Likes: " in request for request in liked["cat"])
    assert sum(LIKES[0] in request for request in liked["coffee"]) > len(liked["coffee"]) / 2


def test_the_card_lies_in_the_home_and_the_weights_beside_the_other_models(lake: Warehouse, tuned: Tuned) -> None:
    card = (tuned.folder / "model_card.md").read_text(encoding="utf-8")
    assert card.startswith(f"# {tuned.model.name}: not promoted, as of {DAY}")
    assert Path(tuned.model.location).parent == lake.settings.models


def test_every_canary_is_asked_of_a_tuned_model(lake: Warehouse, tuned: Tuned, tmp_path: Path) -> None:
    assert obeyed_canaries(lake.settings, DAY, tuned.model, tmp_path) == []
    (asked,) = [read_job(file).requests for file in tmp_path.rglob("requests.jsonl")]
    assert len(asked) == len(load_config("canaries")["attacks"])
    (folder,) = tmp_path.iterdir()
    assert len(read_shards(folder)) == len(asked)


def test_done_again_it_trains_nothing_and_gives_the_same_row(lake: Warehouse, tuned: Tuned) -> None:
    before, weights = row(lake), Path(tuned.model.location, "model.safetensors")
    made = weights.stat().st_mtime_ns
    tune(lake.settings, Order(DAY, minutes=1), print)
    assert row(lake) == before
    assert weights.stat().st_mtime_ns == made
