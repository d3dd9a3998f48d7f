"""Cuts the bundled data package's Parquet files into one Parquet file per day and entity, in SQL.

Every row is derived from rows of the package, and the file of a day from rows up to that day alone: nothing in it
knows of a later one.
"""

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from overture.adapters.warehouse.names import literal, quoted

PACKAGE_TABLES = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
)

QUIET_DAYS = 28
"""An item that was not sold on any of so many days in a row, the last of them included, is unavailable."""

EVENTS = """
select
    transaction_timestamp::date as data_day,
    concat_ws('-', basket_id, product_id) as event_id,
    household_id::varchar as household_id,
    product_id::varchar as product_id,
    transaction_timestamp,
    quantity,
    sales_value,
    basket_id::varchar as basket_id
from transactions
"""
"""One row per purchase line. The package has each product once in a basket, so that both make a key."""

ITEMS = """
with lines as (
    select
        product_id,
        transaction_timestamp::date as data_day,
        quantity > 0 as is_sold,
        -- Fuel is counted in thousandths of a gallon: its price of one rounds to nothing and is left open.
        case when quantity > 0 then
            nullif(((sales_value + retail_disc + coupon_match_disc) / quantity)::decimal(12, 2), 0)
        end as unit_price
    from transactions
),
product_days as (
    select product_id, data_day, bool_or(is_sold) as is_sold, median(unit_price)::decimal(12, 2) as shelf_price
    from lines
    group by product_id, data_day
),
selling_days as (
    select product_id, data_day, shelf_price, lead(data_day) over (partition by product_id order by data_day) as next_on
    from product_days
    where is_sold
),
observations as (
    select product_id, data_day, true as is_available, shelf_price from selling_days
    union all
    select product_id, data_day + $quiet_days, false, null
    from selling_days
    where data_day + $quiet_days <= $last_day and (next_on is null or next_on > data_day + $quiet_days)
    union all
    select product_id, min(data_day), false, null
    from product_days
    group by product_id
    having not arg_min(is_sold, data_day)
),
states as (
    select
        product_id,
        data_day,
        is_available,
        last_value(shelf_price ignore nulls) over (
            partition by product_id order by data_day rows unbounded preceding
        ) as shelf_price
    from observations
),
steps as (
    select
        *,
        lag(is_available) over (partition by product_id order by data_day) as was_available,
        lag(shelf_price) over (partition by product_id order by data_day) as former_price
    from states
)
select
    steps.data_day,
    steps.product_id::varchar as product_id,
    products.product_type,
    products.department,
    products.product_category,
    products.brand,
    products.package_size,
    steps.shelf_price,
    steps.is_available,
    steps.data_day as valid_from
from steps
join products using (product_id)
where was_available is distinct from is_available or former_price is distinct from shelf_price
"""
"""One row per product and day on which it was new, changed its shelf price, went or came back. The shelf price is the
package's own formula: what was paid before the shop's discounts, the median of the day's lines."""

USERS = """
with first_visits as (
    select household_id, min(transaction_timestamp)::date as visited_on from transactions group by household_id
),
first_mailings as (
    select campaigns.household_id, min(campaign_descriptions.start_date)::date as mailed_on
    from campaigns
    join campaign_descriptions using (campaign_id)
    group by campaigns.household_id
),
versions as (
    select household_id, visited_on as valid_from, false as has_consent
    from first_visits
    left join first_mailings using (household_id)
    where mailed_on is null or visited_on < mailed_on
    union all
    select household_id, mailed_on, true from first_mailings
)
select
    greatest(versions.valid_from, $first_day) as data_day,
    versions.household_id::varchar as household_id,
    versions.has_consent,
    demographics.age,
    demographics.income,
    demographics.household_size,
    versions.valid_from
from versions
left join demographics using (household_id)
"""
"""One row per household at its first visit, without consent, and at its first campaign: the shop has mailed it."""

OFFERS = """
select distinct
    greatest(campaign_descriptions.start_date::date, $first_day) as data_day,
    concat('campaign-', campaign_id) as offer_id,
    coupons.product_id::varchar as product_id,
    campaign_descriptions.start_date::date as start_date,
    campaign_descriptions.end_date::date as end_date
from coupons
join campaign_descriptions using (campaign_id)
"""
"""One row per campaign and product with a coupon, in the file of the campaign's first day."""

FEEDBACK = """
with reactions as (
    select
        greatest(campaign_descriptions.start_date::date, $first_day) as data_day,
        concat_ws('-', 'delivered', campaign_id, campaigns.household_id) as feedback_id,
        campaigns.household_id,
        campaign_id,
        'delivered' as kind,
        campaign_descriptions.start_date as occurred_at
    from campaigns
    join campaign_descriptions using (campaign_id)
    union all
    select
        -- The package knows a redemption's day in the shop, which ends some hours into the next day of UTC.
        least(redemption_date::date + 1, $last_day),
        concat_ws('-', 'redeemed', campaign_id, household_id, coupon_upc, redemption_date::date),
        household_id,
        campaign_id,
        'redeemed',
        redemption_date
    from coupon_redemptions
)
select
    data_day,
    feedback_id,
    household_id::varchar as household_id,
    concat('campaign-', campaign_id) as offer_id,
    kind,
    occurred_at
from reactions
"""
"""One row per household that a campaign was sent to, at its start, and per coupon redeemed, on the day after it."""

SPLITS = {"events": EVENTS, "items": ITEMS, "users": USERS, "offers": OFFERS, "feedback": FEEDBACK}


def split_by_day(package_data: Path, target: Path, first_day: date, last_day: date) -> dict[str, int]:
    """Write `target/<day>/<entity>.parquet` for every day of the range; return the rows of each entity.

    `target` exists and is empty. A day on which nothing happened gets files without rows. The same package and
    version of DuckDB give the same bytes. Raises OSError for unreadable data or a full disk.
    """
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    limits = {"first_day": first_day, "last_day": last_day, "quiet_days": QUIET_DAYS}
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for table in PACKAGE_TABLES:
                path = literal(str(package_data / f"{table}.parquet"))
                connection.execute(f"create view {quoted(table)} as from read_parquet({path})")
            for entity, sql in SPLITS.items():
                named = {name: value for name, value in limits.items() if f"${name}" in sql}
                connection.execute(
                    f"create temp table {quoted(entity)} as select * from ({sql})"
                    " where data_day between $first_day and $last_day order by all",
                    {**named, "first_day": first_day, "last_day": last_day},
                )
            # One thread writes each partition in order and into a single file.
            connection.execute("set threads = 1")
            for day in days:
                (target / str(day)).mkdir()
            return {entity: _write(connection, entity, target, days) for entity in SPLITS}
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from error


def _write(connection: duckdb.DuckDBPyConnection, entity: str, target: Path, days: list[date]) -> int:
    parts, empty = target / f".{entity}", target / f".{entity}.parquet"
    table, options = quoted(entity), "format parquet, compression zstd"
    connection.execute(f"copy {table} to {literal(str(parts))} ({options}, partition_by (data_day))")
    nothing = f"select * exclude (data_day) from {table} limit 0"
    connection.execute(f"copy ({nothing}) to {literal(str(empty))} ({options})")
    for day in days:
        [file] = list((parts / f"data_day={day}").glob("*.parquet")) or [empty]
        shutil.copyfile(file, target / str(day) / f"{entity}.parquet")
    shutil.rmtree(parts)
    empty.unlink()
    [(rows,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return int(rows)
