"""The weekly shop in a lake, as of its last day: what a ranker is learnt from, and a day is ranked by."""

from datetime import date

import pyarrow as pa

from overture.adapters.warehouse import Warehouse
from overture.core.history import History, Items
from two_tastes import make_feedback
from weekly_shop import ITEMS, USERS, weekly_shop

DAY = date(2017, 8, 29)


def fill_weekly_shop(lake: Warehouse) -> None:
    """Every item costs what it costs, one in eleven is sold out, and nothing is on offer but one item."""
    history, items, _ = weekly_shop()
    purchases = history.purchases
    assert purchases is not None
    rows = pa.table(
        {
            "user_id": pa.array(history.user_ids[purchases.users]),
            "item_id": pa.array(history.item_ids[purchases.items]),
            "days_ago": pa.array(purchases.days_ago),
        }
    )
    with lake.registered(rows) as bought:
        lake.execute(
            f"""
            create table intermediate.int_events_cleaned as
            select
                cast($day - days_ago::integer as date) as data_day,
                concat_ws(' ', user_id, item_id, days_ago) as event_id,
                user_id, item_id, 'purchase' as event_type, 1.0::double as quantity,
                cast(1 + item_id[2:]::integer % 5 as decimal(12, 2)) as value,
                cast($day - days_ago::integer as timestamp) + interval 9 hour as occurred_at
            from {bought}
            """,
            {"day": DAY},
        )
    _fill_interactions(lake)
    _fill_facts(lake, history, items)


def _fill_interactions(lake: Warehouse) -> None:
    lake.execute(
        """
        create table intermediate.int_interactions_weighted as
        select $day as data_day, user_id, item_id, count(*) as event_count, sum(quantity) as quantity,
            sum(value) as value, min(occurred_at) as first_occurred_at, max(occurred_at) as last_occurred_at,
            max(occurred_at) as last_bought_at, sum(power(0.5, ($day - data_day) / 42)) as weight,
            sum(if($day - data_day < 7, 0, power(0.5, ($day - data_day - 7) / 42))) as weight_before_holdout,
            count_if($day - data_day < 7)::integer as held_out_count
        from intermediate.int_events_cleaned group by user_id, item_id
        """,
        {"day": DAY},
    )


def _fill_facts(lake: Warehouse, history: History, items: Items) -> None:
    for table in ("item_facts", "audience", "item_offers"):
        lake.ensure_table(f"candidate.{table}")
    make_feedback(lake)
    facts = pa.table(
        {
            "item_id": pa.array(history.item_ids),
            "title": pa.array([f"Item {item}" for item in range(ITEMS)]),
            "department": pa.array(items.department_names[items.departments]),
            "is_available": pa.array(items.is_allowed),
            "buyers_28d": pa.array(items.buyers_28d),
        }
    )
    with lake.registered(facts) as known:
        lake.execute(
            f"insert into candidate.item_facts by name select $day as data_day, 1.5 as price, * from {known}",
            {"day": DAY},
        )
    lake.execute(
        f"""
        insert into candidate.audience by name
        select $day as data_day, format('u{{:04}}', u) as user_id, 'a' as favourite_department, u <> 7 as is_eligible
        from range({USERS}) as r(u)
        """,
        {"day": DAY},
    )
    lake.execute(
        "create table staging.stg_shop__offers as select $day as data_day, 'o' as offer_id, 'i0004' as item_id,"
        " $day as starts_on, $day + 5 as ends_on",
        {"day": DAY},
    )
