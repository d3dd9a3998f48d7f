"""What a prompt is told of its reader, who shares a draft with whom, and how personal the messages are found to be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from copy_day import put_no_offers
from embedding_double import embedded, make_python
from overture import copywriting, personalising
from overture.adapters.copy_engine.exchange import CopyRequest, RawDraft, read_job, write_shard
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.configuration import load_config
from overture.run import Run
from overture.settings import CHECKOUT, Settings
from paper_model import make_paper_model

DAY = date(2017, 11, 28)
COPY_PYTHON = CHECKOUT / ".venv-copy" / "bin" / "python"
SIGNED = {"u1": "soups and pasta a lot", "u2": "soups and pasta a lot", "u3": "cakes and ice cream a lot", "u4": None}
WORDS = {
    "soups and pasta a lot": "How about {title} for a pot of tomato soup?",
    "cakes and ice cream a lot": "How about {title} for a slice of apple cake?",
    None: "How about {title} for a sunny day?",
}
PERSONAL = {"age_band": "65+", "income_band": "35-49K", "household_size": "5+"}


@pytest.fixture(scope="module")
def lake(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Four readers of one item; two have the same signature, one has none."""
    folder = tmp_path_factory.mktemp("doubles")
    settings = replace(module_settings, model=str(make_paper_model(folder / "paper")), copy_python=make_python(folder))
    with open_warehouse(settings) as opened:
        opened.ensure_table("ops.recalls")
        opened.ensure_table("ops.recall_lifts")
        put_no_offers(opened)
        put(opened, "candidate.item_facts", [
            {"item_id": "rolls", "title": "DINNER ROLLS", "department": "GROCERY", "category": "BREAD",
             "currency": "USD", "is_available": True, "buyers_28d": 3, "valid_from": DAY},
        ])  # fmt: skip
        put(opened, "candidate.audience", [
            {"user_id": user, "has_consent": True, "last_active_on": DAY, "is_eligible": True, **PERSONAL}
            for user in SIGNED
        ])  # fmt: skip
        put(opened, "candidate.recommendations", [
            {"user_id": user, "rank": 1, "item_id": "rolls", "task": "discover", "strategy": "popular"}
            for user in SIGNED
        ])  # fmt: skip
        put(opened, "candidate.user_signatures", [
            {"user_id": user, "signature": text, "signature_id": text and text[:4]} for user, text in SIGNED.items()
        ])  # fmt: skip
        yield opened


@pytest.fixture(scope="module")
def run(lake: Warehouse) -> Run:
    return Run(lake.settings, DAY, None, "test", 1)


@pytest.fixture(scope="module")
def asked(run: Run, lake: Warehouse) -> list[CopyRequest]:
    """The requests for readers' drafts; each is answered with a moment for the taste that it tells."""
    copywriting.prepare_copy(run, lake)
    requests = read_job(run.settings.copy / str(DAY) / "requests.jsonl").requests
    made = [
        RawDraft(r.draft_id, WORDS[likes(r)], "stop", 9, 5, "vllm", "0", "paper", "cpu", "float32", 1, r.prompt_version)
        for r in requests
    ]
    write_shard(run.settings.copy / "drafts", made)
    copywriting.render_messages(run, lake)
    return requests[: -load_config("canaries")["each_day"]]


def put(lake: Warehouse, table: str, rows: Sequence[dict[str, object]]) -> None:
    lake.replace_day(table, DAY, pa.Table.from_pylist([{"data_day": DAY} | row for row in rows]))


def likes(request: CopyRequest) -> str | None:
    """Return what a request tells of its reader's tastes."""
    lines = request.messages[-1][1].splitlines()
    return next((line.removeprefix("Likes: ") for line in lines if line.startswith("Likes: ")), None)


def measured(lake: Warehouse) -> dict[str, tuple[float, ...]]:
    rows = lake.rows(
        "select metric, value, low, high, users from candidate.model_metrics where protocol = 'copy' and data_day = ?"
        " order by metric",
        [DAY],
    )
    return {metric: tuple(values) for metric, *values in rows}


def test_readers_of_one_signature_share_their_drafts_and_others_do_not(
    asked: list[CopyRequest], run: Run, lake: Warehouse
) -> None:
    shown = dict(lake.rows("select user_id, draft_id from candidate.messages where data_day = ?", [DAY]))
    assert shown["u1"] == shown["u2"]
    assert len({*shown.values()} - {None}) == 3
    assert len({request.messages[-1][1] for request in asked}) == 3


def test_a_message_bears_the_signature_that_its_prompt_was_told(asked: list[CopyRequest], lake: Warehouse) -> None:
    rows = lake.rows(
        "select messages.user_id, signature, signature_id, drafts.text from candidate.messages"
        " inner join copy.drafts using (draft_id) where data_day = ? order by messages.user_id",
        [DAY],
    )
    assert rows == [(user, text, text and text[:4], WORDS[text]) for user, text in SIGNED.items()]


def test_a_prompt_tells_nothing_of_its_reader_but_the_signature(asked: list[CopyRequest]) -> None:
    told = [request.messages[-1][1] for request in asked]
    plain = {f"Item: Dinner Rolls\nShelf: BREAD{f'{chr(10)}Likes: {text}' if text else ''}" for text in SIGNED.values()}
    assert {text.replace("Bread", "BREAD") for text in told} == plain


def test_every_run_measures_how_personal_its_messages_are(asked: list[CopyRequest], run: Run, lake: Warehouse) -> None:
    personalising.measure_messages(run, lake)
    found = measured(lake)
    assert set(found) == {
        "distinct_1", "distinct_2", "messages_per_draft", "mutual_information", "mutual_information_of_words",
        "repeated_sentences", "swap_share", "swap_share_of_words",
    }  # fmt: skip
    assert found["messages_per_draft"][0] == pytest.approx(4 / 3)
    assert found["repeated_sentences"][0] == 0.5
    assert found["mutual_information"][0] > 0.2
    value, low, high, users = found["swap_share"]
    assert 0 <= low <= value <= high <= 1
    assert users == 3


def test_only_what_is_new_is_embedded_and_each_text_once(asked: list[CopyRequest], run: Run, lake: Warehouse) -> None:
    personalising.measure_messages(run, lake)
    before = measured(lake)
    texts = embedded(run.settings.copy_python.parent)
    assert len(texts) == len(set(texts))
    personalising.measure_messages(run, lake)
    assert measured(lake) == before
    assert embedded(run.settings.copy_python.parent) == texts


def test_without_a_copy_environment_the_swap_test_is_left_out_and_said(
    asked: list[CopyRequest], run: Run, lake: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    personalising.measure_messages(replace(run, settings=replace(run.settings, copy_python=Path("nowhere"))), lake)
    assert "swap_share" not in measured(lake)
    assert "distinct_1" in measured(lake)
    assert "no swap test without the copy environment" in caplog.text


def test_the_real_embeddings_find_texts_made_for_their_readers_and_not_those_of_others(
    asked: list[CopyRequest], run: Run, lake: Warehouse
) -> None:
    real = replace(run, settings=replace(run.settings, copy_python=COPY_PYTHON, home=run.settings.home / "real"))
    personalising.measure_messages(real, lake)
    # Of two soup readers and one of cakes, each has a win over the other taste and half a one over its own.
    assert measured(lake)["swap_share_of_words"][0] == pytest.approx(5 / 6, abs=0.1)
    lake.execute("update candidate.messages set signature = 'cakes and ice cream a lot' where user_id = 'u1'")
    lake.execute("update candidate.messages set signature = 'soups and pasta a lot' where user_id = 'u3'")
    lake.execute("update candidate.messages set signature = 'cakes and ice cream a lot' where user_id = 'u2'")
    personalising.measure_messages(real, lake)
    assert measured(lake)["swap_share_of_words"][0] == pytest.approx(1 / 6, abs=0.1)
