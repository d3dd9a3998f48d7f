"""The store of embeddings, over an interpreter that is none: each text is asked for once, whatever happens."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import numpy as np
import pytest

from embedding_double import embedded, make_python, vector_of
from overture.adapters import item_embeddings
from overture.adapters.item_embeddings import embed
from overture.adapters.leftovers import unfinished_files
from overture.core.days import parse_day
from overture.errors import CopyEngineError, HomeError
from overture.settings import Settings


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    plain = Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "home")})
    return replace(plain, copy_python=make_python(tmp_path))


def files(shop: Settings) -> list[Path]:
    return sorted((shop.artifacts / "embeddings").glob("*.npz"))


def test_each_text_gets_its_own_row_also_where_it_comes_twice(shop: Settings) -> None:
    found = embed(shop, ["tea", "milk", "tea", ""])
    assert found.dtype == np.float32
    assert found.tolist() == [vector_of(text).tolist() for text in ("tea", "milk", "tea", "")]


def test_a_text_is_embedded_once_and_only_the_missing_ones_later(shop: Settings, tmp_path: Path) -> None:
    embed(shop, ["tea", "milk"])
    found = embed(shop, ["bread", "milk"])
    assert found.tolist() == [vector_of("bread").tolist(), vector_of("milk").tolist()]
    assert embedded(tmp_path) == ["milk", "tea", "bread"]


def test_nothing_is_started_for_texts_that_are_known_and_for_none(shop: Settings) -> None:
    known = embed(shop, ["tea"])
    without = replace(shop, copy_python=shop.home / "no-python")
    assert embed(without, ["tea", "tea"]).tolist() == [*known.tolist()] * 2
    assert embed(without, []).shape == (0, 384)


def test_a_copy_environment_that_is_missing_is_named(shop: Settings) -> None:
    with pytest.raises(CopyEngineError, match=r"no copy environment.*no-python"):
        embed(replace(shop, copy_python=shop.home / "no-python"), ["tea"])


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: whole[:-9] + b"?" + whole[-8:]])
def test_a_damaged_file_is_taken_away_and_what_it_held_is_made_again(
    shop: Settings, tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    before = embed(shop, ["tea"])
    embed(shop, ["milk"])
    broken = files(shop)[0]
    broken.write_bytes(damage(broken.read_bytes()))

    with caplog.at_level(logging.WARNING, "overture.embeddings"):
        assert embed(shop, ["tea", "milk"])[0].tolist() == before[0].tolist()

    assert len(embedded(tmp_path)) == 3
    assert len(caplog.messages) == 1
    assert len(files(shop)) == 2


def test_runs_at_the_same_time_embed_a_text_once_between_them(shop: Settings, tmp_path: Path) -> None:
    wanted = [["tea", "milk"], ["milk", "bread"], ["bread", "tea"], ["tea"]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda texts: embed(shop, texts), wanted))
    assert [rows.tolist() for rows in found] == [[vector_of(text).tolist() for text in texts] for texts in wanted]
    assert sorted(embedded(tmp_path)) == ["bread", "milk", "tea"]


def test_many_files_become_one_without_losing_a_text(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_embeddings, "MOST_FILES", 2)
    names = ["tea", "milk", "bread"]
    for name in names:
        embed(shop, [name])
    assert len(files(shop)) == 1
    assert embed(shop, names).tolist() == [vector_of(name).tolist() for name in names]
    assert embedded(tmp_path) == names


def test_an_end_between_the_merged_file_and_the_former_ones_loses_and_doubles_nothing(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(shop, ["tea"])
    former = {path: path.read_bytes() for path in files(shop)}
    monkeypatch.setattr(item_embeddings, "MOST_FILES", 1)
    embed(shop, ["milk"])
    for path, content in former.items():
        path.write_bytes(content)
    assert embed(shop, ["milk", "tea"]).tolist() == [vector_of("milk").tolist(), vector_of("tea").tolist()]
    assert embedded(tmp_path) == ["tea", "milk"]


def test_another_model_embeds_anew_and_leaves_what_the_former_one_made(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(shop, ["tea"])
    monkeypatch.setattr(item_embeddings, "VERSION", "0" * 12)
    embed(shop, ["tea"])
    assert embedded(tmp_path) == ["tea", "tea"]
    assert len(files(shop)) == 2


def test_a_worker_that_leaves_a_text_out_is_refused_and_nothing_is_kept(shop: Settings, tmp_path: Path) -> None:
    make_python(tmp_path, rows_short=1)
    with pytest.raises(CopyEngineError, match=r"expected: float32 \(2, 384\); got: float32 \(1, 384\)"):
        embed(shop, ["tea", "milk"])
    assert files(shop) == []
    assert list(shop.scratch.iterdir()) == []


def test_a_home_that_cannot_be_written_is_named(shop: Settings) -> None:
    shop.home.mkdir()
    shop.artifacts.write_text("in the way", encoding="utf-8")
    with pytest.raises(HomeError, match="embeddings cannot be kept"):
        embed(shop, ["tea"])


def test_upkeep_takes_what_a_killed_run_left_and_neither_embeddings_nor_the_turn(shop: Settings) -> None:
    embed(shop, ["tea"])
    folder = shop.artifacts / "embeddings"
    (folder / ".half.npz.4711").write_bytes(b"half")
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    before = datetime.combine(parse_day("2017-01-01"), time())
    assert unfinished_files(shop, before) == [folder / ".half.npz.4711"]
