"""A shop of four tastes over a hundred days, with purchases and views of each day, as of its last day."""

from datetime import date

import numpy as np
import pyarrow as pa

from overture.adapters.warehouse import Warehouse

DAY = date(2017, 8, 29)
USERS, ITEMS, DAYS = 60, 144, 100


def fill_shop(lake: Warehouse, day: date = DAY) -> None:
    """Users view and buy what is of their own taste, one item as gladly as another; every ninth one is sold out."""
    random = np.random.default_rng(3)
    likes = (np.arange(USERS)[:, None] % 4) == (np.arange(ITEMS) % 4)
    rate = np.where(likes, 0.011, 0.0002)
    users, items, days_ago = np.nonzero(random.random((USERS, ITEMS, DAYS)) < rate[:, :, None])
    kinds = np.where(random.random(len(users)) < 0.7, "purchase", "view")
    rows = pa.table({"u": users, "i": items, "days_ago": days_ago, "event_type": kinds.tolist()})
    lake.connection.register("dated", rows)
    lake.execute(
        """
        create table intermediate.int_events_cleaned as
        select
            cast($day - days_ago::integer as date) as data_day,
            concat(u, ' ', i, ' ', days_ago) as event_id,
            format('u{:02}', u) as user_id,
            format('i{:03}', i) as item_id,
            event_type,
            cast($day - days_ago::integer as timestamp) + interval 9 hour as occurred_at
        from dated
        """,
        {"day": day},
    )
    lake.connection.unregister("dated")
    fill_facts(lake, day)


def fill_facts(lake: Warehouse, day: date) -> None:
    """What every item and user is on the day."""
    for table in ("item_facts", "audience"):
        lake.ensure_table(f"candidate.{table}")
    lake.execute(
        f"""
        insert into candidate.item_facts by name
        select $day as data_day, format('i{{:03}}', i) as item_id, 'Item ' || i as title, 'D' || i % 5 as department,
            1.5 as price, i % 9 > 0 as is_available, 1 as buyers_28d
        from range({ITEMS}) as r(i)
        """,
        {"day": day},
    )
    lake.execute(
        f"""
        insert into candidate.audience by name
        select $day as data_day, format('u{{:02}}', u) as user_id, 'D3' as favourite_department, u <> 7 as is_eligible
        from range({USERS}) as r(u)
        """,
        {"day": day},
    )
