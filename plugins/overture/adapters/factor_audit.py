"""What the gate measures of stored factors: the arrays as they lie on disk, beside what their manifest says of them."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from overture.adapters.artifacts import FACTORS, load_manifest

SIDES = ("users", "items")


def measure_factors(folder: Path, day: date, expected: Mapping[str, int], dimensions: int) -> list[dict[str, object]]:
    """Return one row of quantities for the users' factors and one for the items'.

    expected: how many `users` and `items` there are to train on, and how many interactions (`rows`). dimensions: as
    configured. Nothing that the manifest or the arrays' own checks promise is taken for granted; arrays that cannot
    be read leave their quantities None. Raises ArtifactError for a manifest that is missing or unreadable.
    """
    manifest = load_manifest(folder)
    path = folder / FACTORS
    recorded = manifest.get("files", {}).get(FACTORS)
    arrays = _read(path)
    shared = {
        "altered_files": int(not path.is_file() or _sha256(path) != recorded),
        "days_off": int(manifest.get("data_day") != day.isoformat()),
        "input_rows": manifest.get("input", {}).get("rows"),
        "interactions": expected["rows"],
        "configured_dimensions": dimensions,
    }
    return [
        {"side": side, "trained_ids": expected[side]}
        | shared
        | _quantities(arrays.get(f"{side[:-1]}_factors"), arrays.get(f"{side[:-1]}_ids"))
        for side in SIDES
    ]


def _quantities(factors: npt.NDArray[Any] | None, ids: npt.NDArray[Any] | None) -> dict[str, object]:
    if factors is None or ids is None or factors.ndim != 2 or factors.dtype.kind != "f" or ids.ndim != 1:
        return dict.fromkeys(
            ("factor_rows", "ids", "dimensions", "non_finite_values", "largest_norm", "median_norm", "ids_out_of_order")
        )
    is_finite = np.isfinite(factors)
    norms = np.linalg.norm(factors[is_finite.all(axis=1)].astype(np.float64), axis=1)
    return {
        "factor_rows": len(factors),
        "ids": len(ids),
        "dimensions": factors.shape[1],
        "non_finite_values": int((~is_finite).sum()),
        "largest_norm": float(norms.max()) if len(norms) else None,
        "median_norm": float(np.median(norms)) if len(norms) else None,
        "ids_out_of_order": int((ids[1:] <= ids[:-1]).sum()),
    }


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays by name; none where the file is missing or damaged (its sha256 then tells)."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, BadZipFile):
        return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
