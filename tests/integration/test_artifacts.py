import json
from pathlib import Path

import numpy as np
import pytest

from overture.adapters import artifacts
from overture.adapters.artifacts import load_factors, save_factors
from overture.core.factors import Factors
from overture.errors import ArtifactError, HomeError


@pytest.fixture
def factors() -> Factors:
    return Factors(
        user_factors=np.arange(8, dtype=np.float32).reshape(4, 2),
        item_factors=np.ones((3, 2), np.float32),
        user_ids=np.array(["ana", "ben", "cy", "dörte"]),
        item_ids=np.array(["1", "10", "2"]),
    )


@pytest.fixture
def folder(factors: Factors, tmp_path: Path) -> Path:
    save_factors(tmp_path / "2017-11-28", factors, {})
    return tmp_path / "2017-11-28"


def test_factors_are_loaded_as_they_were_saved_over_former_ones(folder: Path, factors: Factors) -> None:
    fewer = Factors(factors.user_factors[:3], factors.item_factors, factors.user_ids[:3], factors.item_ids)

    save_factors(folder, fewer, {"data_day": "2017-11-28"})

    loaded, manifest = load_factors(folder)
    assert loaded.user_ids.tolist() == fewer.user_ids.tolist()
    assert loaded.user_factors.tolist() == fewer.user_factors.tolist()
    assert manifest["data_day"] == "2017-11-28"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_one_altered_byte_is_refused(folder: Path) -> None:
    content = bytearray((folder / artifacts.FACTORS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / artifacts.FACTORS).write_bytes(content)

    with pytest.raises(ArtifactError, match="altered factors"):
        load_factors(folder)


@pytest.mark.parametrize("missing", [artifacts.FACTORS, artifacts.MANIFEST])
def test_half_written_factors_are_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()

    with pytest.raises(ArtifactError):
        load_factors(folder)


def test_a_manifest_cut_off_in_the_middle_is_refused(folder: Path) -> None:
    path = folder / artifacts.MANIFEST
    path.write_text(path.read_text()[:40])

    with pytest.raises(ArtifactError, match="unreadable manifest"):
        load_factors(folder)


def test_pickled_objects_are_never_unpickled(folder: Path) -> None:
    np.savez(folder / artifacts.FACTORS, **{name: np.array([{}], object) for name in artifacts.ARRAYS})
    manifest = json.loads((folder / artifacts.MANIFEST).read_text())
    manifest["files"][artifacts.FACTORS] = artifacts._sha256(folder / artifacts.FACTORS)
    (folder / artifacts.MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(ArtifactError, match="allow_pickle"):
        load_factors(folder)


def test_factors_that_cannot_be_written_are_an_error_with_the_place(factors: Factors, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(HomeError, match="file/2017-11-28"):
        save_factors(tmp_path / "file" / "2017-11-28", factors, {})


def test_a_write_that_fails_halfway_leaves_the_former_factors(
    folder: Path, factors: Factors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts.np, "savez", fail)
    with pytest.raises(HomeError, match="No space left"):
        save_factors(folder, factors, {"data_day": "other"})

    assert "data_day" not in load_factors(folder)[1]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_outside_a_checkout_there_is_no_revision_and_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(artifacts, "CHECKOUT", tmp_path)

    assert artifacts.git_revision() is None
