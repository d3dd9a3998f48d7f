"""A full disk is named, harms nothing that is published, and is not left full of our own half-written files."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from overture.settings import CHECKOUT, Settings
from prove.shop import Shop

# Runs in a mount namespace of its own, where the lake's folder is a disk of 4 MB.
SCRIPT = """
import os, sys
from datetime import date
import numpy as np, pyarrow as pa
from overture.adapters.warehouse import open_warehouse
from overture.errors import HomeError
from overture.settings import Settings

day, table, settings = date(2017, 11, 28), "candidate.recommendations", Settings.from_environment()

def free_bytes():
    disk = os.statvfs(settings.warehouse)
    return disk.f_bavail * disk.f_frsize

with open_warehouse(settings) as warehouse:
    def rows(count):
        scores = np.random.default_rng(0).random(count)
        return pa.table({"data_day": [day] * count, "user_id": [str(x) for x in scores], "score": scores})
    warehouse.replace_day(table, day, rows(10))
    free = free_bytes()
    try:
        warehouse.replace_day(table, day, rows(1_000_000))
    except HomeError as error:
        print(error.exit_code, error)
    print(warehouse.rows(f"select count(*) from {table}"))
    print(free - free_bytes())
    warehouse.replace_day(table, day, rows(20))
    print(warehouse.rows(f"select count(*) from {table}"))
"""

# The whole home is a disk of 200 MB, on which a file takes all but three pages while a step is tried.
LINE = """
import os, sys
from contextlib import contextmanager
from datetime import date
import pyarrow as pa
from overture import reporting, steps
from overture.adapters.copy_engine.exchange import RawDraft, write_lines, write_shard
from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.data_files import unknown_files
from overture.errors import HomeError
from overture.run import Joining
from overture.settings import Settings

day, before, settings = date.fromisoformat(sys.argv[1]), date(2024, 1, 1), Settings.from_environment()
PUBLISHED = "select count(*), sum(rank) from marts.recommendations"

@contextmanager
def full_disk(pages):
    ballast = settings.home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    os.truncate(ballast, ballast.stat().st_size - pages * 4096)
    try:
        yield
    finally:
        ballast.unlink()

def fails(name, work, pages=0):
    with full_disk(pages):
        try:
            work()
        except HomeError as error:
            print(name, error.exit_code, "free space" in str(error), str(settings.home) in str(error))
    left = {path.name for path in settings.home.rglob("*") if path.name.endswith(f".{os.getpid()}")}
    print(name, "left", sorted(left), unknown_files(settings, warehouse.catalog.lake))

with open_warehouse(settings) as warehouse:
    run = steps.open_run(settings, day)
    kept = pa.table({"data_day": [before] * 9, "user_id": list("abcdefghi"), "rank": range(9)})
    warehouse.replace_day("marts.recommendations", before, kept)
    def do(name):
        steps.perform(name, settings, day, Joining(run.run_id))
    for name in ("land_day", "build_staging", "build_intermediate", "build_marts", "train_factors", "rank_items"):
        if name in ("land_day", "build_intermediate", "train_factors", "rank_items"):
            fails(name, lambda: do(name), pages=3)
        do(name)
    requests = settings.copy / str(day) / "requests.jsonl"
    draft = RawDraft("d", "text" * 5000, "stop", 1, 1, "e", "1", "m", "cpu", "float32", 1, "p")
    for name, work in (
        ("requests", lambda: write_lines(requests, [{"text": "x" * 9000}])),
        ("shard", lambda: write_shard(requests.parent / "shards", [draft])),
        ("report", lambda: reporting.write_report(run, warehouse)),
    ):
        fails(name, work)
        work()
    print(warehouse.rows(PUBLISHED), warehouse.rows("select count(*) > 0 from candidate.recommendations"))
"""
STEPS = ("land_day", "build_intermediate", "train_factors", "rank_items", "requests", "shard", "report")


def on_small_disk(settings: Settings, folder: Path, size: str, script: str, *arguments: str) -> list[str]:
    """Run a script where `folder` is a disk of its own; return the lines that it printed."""
    settings.ensure_home()
    environment = {
        **os.environ,
        "OVERTURE_HOME": str(settings.home),
        "OVERTURE_CATALOG": str(settings.catalog),
        "OVERTURE_SOURCE": str(settings.source),
        "PYTHONPATH": f"{CHECKOUT / 'plugins'}:{CHECKOUT}",
    }
    with_small_disk = f'mount -t tmpfs -o size={size} none "$1" && shift && exec "$0" -c "$@"'
    # Root mounts as it is; anybody else becomes root of a user namespace first.
    namespaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    command = ["unshare", *namespaces, "sh", "-c", with_small_disk, sys.executable, str(folder), script, *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_a_full_disk_is_named_and_leaves_the_last_rows_whole(settings: Settings) -> None:
    error, after, lost, retried = on_small_disk(settings, settings.warehouse, "4m", SCRIPT)
    assert error.startswith(f"2 the disk is full; where: {settings.home}; expected: free space")
    assert after == "[(10,)]"
    assert lost == "0"  # as much is free as before
    assert retried == "[(20,)]"


def test_each_writing_step_names_a_full_disk_leaves_nothing_behind_and_passes_once_there_is_space(
    settings: Settings, tmp_path: Path
) -> None:
    shop = Shop(days=2)
    shop_settings = replace(settings, source=shop.open(tmp_path / "shop"))
    *told, published = on_small_disk(shop_settings, settings.home, "200m", LINE, str(shop.dates[-1]))
    assert told == [line for name in STEPS for line in (f"{name} 2 True True", f"{name} left [] []")]
    assert published == "[(9, 36)] [(True,)]"
