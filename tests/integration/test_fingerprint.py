"""The fingerprint of a day: the same for the same rows, another for any other rows."""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.fingerprint import fingerprint, fingerprint_of_day
from overture.errors import UsageError
from overture.settings import Settings

DAY, OTHER_DAY = date(2024, 5, 2), date(2024, 5, 3)
OFFERS = (
    ("spring", "tea", "everyone", Decimal("1.50")),
    ("spring", "jam", "everyone", None),
    ("autumn, \"late\" 'n' ümlaut", "nut\n", "targeted", Decimal("0.00")),
)
Offer = tuple[str, str, str, Decimal | None]


def offers(day: date, *rows: Offer) -> pa.Table:
    names = ("offer_id", "item_id", "audience", "value")
    dated = [{"data_day": day, "starts_on": DAY, "ends_on": DAY, **dict(zip(names, row, strict=True))} for row in rows]
    return pa.Table.from_pylist(dated)


@pytest.fixture(scope="module")
def lake_of_marts(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as opened:
        opened.write("make the marts", lambda lake: [lake.ensure_table(f"marts.{table}") for table in contracts()])
        yield opened


@pytest.fixture
def marts(lake_of_marts: Warehouse) -> Warehouse:
    """Every published table, empty."""
    used = ("item_offers", "run_costs", "user_preferences")
    lake_of_marts.write("empty", lambda lake: [lake.execute(f"delete from marts.{table}") for table in used])
    return lake_of_marts


def text_of(warehouse: Warehouse, table: str, day: date = DAY) -> tuple[int, str]:
    found: dict[str, Any] = {row["table_name"]: row for row in fingerprint(warehouse, day).to_pylist()}
    return found[table]["rows"], found[table]["fingerprint"]


def with_offers(warehouse: Warehouse, *rows: Offer, day: date = DAY) -> tuple[int, str]:
    warehouse.replace_day("marts.item_offers", day, offers(day, *rows))
    return text_of(warehouse, "item_offers", day)


def test_every_published_table_has_one_and_an_empty_one_is_all_zeros(marts: Warehouse) -> None:
    rows = fingerprint(marts, DAY).to_pylist()
    assert [row["table_name"] for row in rows] == sorted(contracts())
    assert {(row["rows"], row["fingerprint"]) for row in rows} == {(0, "0" * 32)}


def test_the_order_and_the_number_of_files_do_not_matter(marts: Warehouse) -> None:
    whole = with_offers(marts, *OFFERS)
    assert whole[0] == 3
    assert with_offers(marts, *reversed(OFFERS)) == whole
    with_offers(marts, OFFERS[2])
    for row in OFFERS[:2]:
        with marts.registered(offers(DAY, row)) as view:
            marts.write("one more file", lambda lake, view=view: lake.execute(  # type: ignore[misc]
                f"insert into marts.item_offers by name select * from {view}"
            ))  # fmt: skip
    assert text_of(marts, "item_offers") == whole


@pytest.mark.parametrize(
    "changed",
    [
        OFFERS[:2],
        (*OFFERS, OFFERS[0]),
        (*OFFERS[:2], ("autumn", *OFFERS[2][1:])),
        (*OFFERS[:2], (*OFFERS[2][:3], None)),
        (*OFFERS[:2], (*OFFERS[2][:3], Decimal("0.01"))),
        ((OFFERS[0][1], OFFERS[0][0], *OFFERS[0][2:]), *OFFERS[1:]),
    ],
    ids=["a row less", "a row twice", "another text", "a null for a zero", "a cent more", "two columns exchanged"],
)
def test_any_other_rows_have_another(marts: Warehouse, changed: tuple[Offer, ...]) -> None:
    assert with_offers(marts, *OFFERS) != with_offers(marts, *changed)


def test_two_rows_that_exchange_a_value_have_another(marts: Warehouse) -> None:
    first, second = ("o1", "tea", "everyone", Decimal(1)), ("o2", "jam", "everyone", Decimal(2))
    exchanged = (first[:3] + second[3:], second[:3] + first[3:])
    assert with_offers(marts, first, second) != with_offers(marts, *exchanged)


def test_only_rows_of_the_day_count(marts: Warehouse) -> None:
    before = with_offers(marts, *OFFERS)
    with_offers(marts, OFFERS[0], day=OTHER_DAY)
    assert text_of(marts, "item_offers") == before


def test_what_the_run_itself_took_is_left_out_and_nothing_else(marts: Warehouse) -> None:
    measured = {(name, c.name) for name, contract in contracts().items() for c in contract.columns if c.is_measured}
    assert measured == {
        ("run_costs", name)
        for name in ("seconds", "peak_mb", "tokens_in", "tokens_out", "drafts_made", "drafts_reused")
    }
    texts = []
    for step, seconds in (("land_day", 1.0), ("land_day", 2.0), ("rank_items", 2.0)):
        cost = pa.Table.from_pylist([{"data_day": DAY, "step": step, "seconds": seconds}])
        marts.replace_day("marts.run_costs", DAY, cost)
        texts.append(text_of(marts, "run_costs"))
    assert texts[0] == texts[1] != texts[2]


def test_it_stays_what_it_is_in_every_version(marts: Warehouse) -> None:
    rows = [{"data_day": DAY, "user_id": "u1", "kind": "department", "tag": "TEA", "rank": 1, "share_of_spend": 0.25}]
    marts.replace_day("marts.user_preferences", DAY, pa.Table.from_pylist(rows))
    row = '{"data_day":"2024-05-02","user_id":"u1","kind":"department","tag":"TEA","rank":1,"share_of_spend":0.25}'
    digest = hashlib.md5(row.encode(), usedforsecurity=False).digest()
    assert text_of(marts, "user_preferences") == (1, digest[7::-1].hex() + digest[:7:-1].hex())


def test_a_run_that_published_nothing_has_none(marts: Warehouse) -> None:
    with pytest.raises(UsageError, match="nothing published by this run"):
        fingerprint_of_day(marts.settings, DAY, "no such run")
