import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from overture.adapters.sources import load_source
from overture.cli import cli
from overture.settings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "worked-example.md").read_text(encoding="utf-8")
SOURCE = CHECKOUT / "scripts" / "example_shop.toml"


def make_shop(folder: Path, *arguments: str) -> dict[str, bytes]:
    """Make the shop's files; return what each holds, by its name below the folder."""
    command = [sys.executable, str(CHECKOUT / "scripts" / "example_shop.py"), str(folder), *arguments]
    subprocess.run(command, check=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_the_page_shows_the_source_as_it_is_shipped() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.M | re.S)
    assert block == SOURCE.read_text(encoding="utf-8")


def test_every_command_that_the_page_shows_is_one() -> None:
    shown = set(re.findall(r"\.venv/bin/overture ([a-z-]+)", PAGE))
    assert {"run", "query", "explain", "backfill"} <= shown <= set(cli.commands)


def test_the_same_seed_makes_the_same_files_and_another_one_others(tmp_path: Path) -> None:
    first, again = (make_shop(tmp_path / name, "--days", "4", "--users", "20") for name in ("a", "b"))
    other = make_shop(tmp_path / "c", "--days", "4", "--users", "20", "--seed", "1")
    assert first == again
    assert first.keys() >= {"2025-03-01/events.jsonl", "2025-03-04/products.parquet", "2025-03-03/offers.jsonl"}
    assert first["2025-03-01/events.jsonl"] != other["2025-03-01/events.jsonl"]


def test_who_buys_has_put_it_into_the_cart_and_who_does_that_has_looked(tmp_path: Path) -> None:
    files = make_shop(tmp_path, "--days", "6", "--users", "30")
    done: dict[tuple[str, str], list[str]] = {}
    for name, content in files.items():
        for line in content.decode().splitlines() if name.endswith("events.jsonl") else ():
            event = json.loads(line)
            done.setdefault((event["visit"], event["product"]), []).append(event["id"])
            done[event["visit"], event["product"]].append(event["action"])
    orders = Counter(
        tuple(dict.fromkeys(step for step in steps if step in {"view", "cart", "purchase"})) for steps in done.values()
    )
    bought = {order: count for order, count in orders.items() if "purchase" in order}
    # A bad row, of which the action is gone, may leave a gap.
    assert bought[("view", "cart", "purchase")] > 0.9 * sum(bought.values())
    assert orders[("view",)] > orders[("view", "cart")] > 0


def test_dearer_shelves_are_dearer_and_prices_are_whole_yen(tmp_path: Path) -> None:
    make_shop(tmp_path, "--days", "1")
    rows = pq.read_table(tmp_path / "2025-03-01" / "products.parquet").to_pylist()
    prices = {shelf: [row["yen"] for row in rows if row["shelf"] == shelf] for shelf in ("Tableware", "Noodles")}
    assert min(prices["Tableware"]) > max(prices["Noodles"])
    assert all(isinstance(row["yen"], int) and row["yen"] > 0 for row in rows)


def test_every_file_that_the_source_names_is_made(tmp_path: Path) -> None:
    files = make_shop(tmp_path, "--days", "3", "--users", "10")
    source = load_source(SOURCE)
    assert source.first_day is not None
    for entity in source.entities.values():
        made = [day for day in source.days_until(source.first_day) if entity.address(day) in files]
        assert made or entity.may_be_absent
