"""Which of a reader's first items the message is about; embeddings are made of hashes, so that they are known here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from copy_day import put_no_offers
from embedding_double import embedded, make_python, vector_of
from overture import copywriting
from overture.adapters.copy_engine.exchange import CopyRequest, RawDraft, read_job, write_shard
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.configuration import load_config
from overture.run import Run
from overture.settings import Settings
from paper_model import make_paper_model

DAY = date(2017, 11, 28)
TASTE = "soups and pasta a lot"
TITLES = {"i1": "Rolls", "i2": "Leeks", "i3": "Plums", "i4": "Grapes"}
USERS = ("u1", "u2")
SENTENCE = "How about {title} for a very hot day?"


@pytest.fixture(scope="module")
def lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("doubles")
    settings = replace(module_settings, model=str(make_paper_model(folder / "paper")), copy_python=make_python(folder))
    with open_warehouse(settings) as opened:
        put_no_offers(opened)
        shelf = {"department": "GROCERY", "category": "FOOD", "currency": "USD", "is_available": True}
        put(opened, "item_facts", [{"item_id": name, "title": title, **shelf} for name, title in TITLES.items()])
        asked = {"has_consent": True, "last_active_on": DAY, "is_eligible": True}
        put(opened, "audience", [{"user_id": user, **asked} for user in USERS])
        put(opened, "recommendations", [
            {"user_id": user, "rank": rank, "item_id": name, "task": "discover", "strategy": "popular"}
            for user in USERS for rank, name in enumerate(TITLES, start=1)
        ])  # fmt: skip
        yield opened


@pytest.fixture
def run(lake: Warehouse) -> Run:
    """A run of the day on a lake without drafts; u1 has a signature and u2 has none."""
    lake.execute("drop table if exists copy.drafts")
    lake.ensure_table("ops.recalls")
    lake.ensure_table("ops.recall_lifts")
    for path in lake.settings.copy.rglob("*.jsonl"):
        path.unlink()
    put(lake, "user_signatures", [{"user_id": "u1", "signature": TASTE}, {"user_id": "u2", "signature": None}])
    return Run(lake.settings, DAY, None, "test", 1)


def put(lake: Warehouse, table: str, rows: Sequence[dict[str, object]]) -> None:
    lake.replace_day(f"candidate.{table}", DAY, pa.Table.from_pylist([{"data_day": DAY} | row for row in rows]))


def answer(run: Run, lake: Warehouse, refused: Sequence[str] = ()) -> list[CopyRequest]:
    """Answer every request, those about the titles of `refused` with what no message may say; render.

    Returns those of readers, without the canaries.
    """
    copywriting.prepare_copy(run, lake)
    requests = read_job(run.settings.copy / str(DAY) / "requests.jsonl").requests
    texts = ["How about {title} for a free lunch?" if title_of(r) in refused else SENTENCE for r in requests]
    made = [
        RawDraft(r.draft_id, text, "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, r.prompt_version)
        for r, text in zip(requests, texts, strict=True)
    ]
    write_shard(run.settings.copy / "drafts", made)
    copywriting.render_messages(run, lake)
    return requests[: -load_config("canaries")["each_day"]]


def title_of(request: CopyRequest) -> str:
    return request.messages[-1][1].splitlines()[0].removeprefix("Item: ")


def written(lake: Warehouse) -> dict[str, tuple[str, str]]:
    rows = lake.rows("select user_id, item_id, rung from candidate.messages where data_day = ? order by 1", [DAY])
    return {user: (item, rung) for user, item, rung in rows}


def nearest(titles: dict[str, str]) -> str:
    """Return the item whose sentence is nearest to the taste."""
    return max(titles, key=lambda name: float(vector_of(SENTENCE.replace("{title}", titles[name])) @ vector_of(TASTE)))


def first(count: int) -> dict[str, str]:
    return dict(list(TITLES.items())[:count])


def test_the_message_is_about_that_of_the_first_items_whose_text_is_nearest_to_the_reader(
    run: Run, lake: Warehouse
) -> None:
    answer(run, lake)
    best = nearest(first(load_config("copy")["message"]["choices"]))
    assert best != "i1"
    assert written(lake) == {"u1": (best, "draft"), "u2": ("i1", "draft")}
    claims = lake.rows("select user_id, item_id, rendered from candidate.message_claims order by 1")
    assert claims == [("u1", best, TITLES[best]), ("u2", "i1", "Rolls")]


def test_an_item_beyond_the_choices_is_never_asked_for(run: Run, lake: Warehouse) -> None:
    choices = load_config("copy")["message"]["choices"]
    assert {title_of(request) for request in answer(run, lake)} == set(first(choices).values())


def test_the_first_item_gets_all_attempts_and_the_others_one_each(run: Run, lake: Warehouse) -> None:
    config = load_config("copy")["message"]
    titles = [title_of(request) for request in answer(run, lake)]
    assert titles.count("Rolls") == 2 * config["attempts"]
    assert titles.count("Leeks") == 2


def test_an_item_whose_drafts_are_all_refused_gives_way_to_one_with_a_draft(run: Run, lake: Warehouse) -> None:
    best = nearest(first(load_config("copy")["message"]["choices"]))
    answer(run, lake, refused=["Rolls", TITLES[best]])
    left = {name: title for name, title in first(3).items() if name not in {"i1", best}}
    assert written(lake) == {"u1": (nearest(left), "draft"), "u2": ("i2" if best != "i2" else "i3", "draft")}


def test_where_no_draft_passes_the_template_is_about_the_first_item(run: Run, lake: Warehouse) -> None:
    answer(run, lake, refused=list(TITLES.values()))
    assert written(lake) == {"u1": ("i1", "template"), "u2": ("i1", "template")}


def test_without_a_copy_environment_the_ranking_chooses_and_that_is_said(
    run: Run, lake: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    answer(replace(run, settings=replace(run.settings, copy_python=Path("nowhere"))), lake)
    assert written(lake) == {"u1": ("i1", "draft"), "u2": ("i1", "draft")}
    assert "the ranking chooses the items" in caplog.text


def test_nothing_is_embedded_of_readers_without_a_signature(run: Run, lake: Warehouse) -> None:
    put(lake, "user_signatures", [{"user_id": user, "signature": None} for user in USERS])
    before = embedded(run.settings.copy_python.parent)
    answer(run, lake)
    assert embedded(run.settings.copy_python.parent) == before
    assert written(lake) == {"u1": ("i1", "draft"), "u2": ("i1", "draft")}
