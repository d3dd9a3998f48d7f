"""Sixty users of two tastes with a history in the lake, and the facts of what they buy."""

from datetime import date

import numpy as np
import pyarrow as pa

from overture.adapters.als import AlsParameters
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.training_reads import read_interactions
from overture.configuration import load_config
from overture.core.confidence import Weights, weigh

DAY = date(2017, 11, 28)
USERS, ITEMS = 60, 90


def fill_history(lake: Warehouse) -> None:
    """Sixty users of two tastes, each with a history of things bought once."""
    random = np.random.default_rng(11)
    bought = random.random((USERS, ITEMS)) < np.where(
        (np.arange(USERS)[:, None] % 2) == (np.arange(ITEMS) % 2), 0.4, 0.05
    )
    users, items = np.nonzero(bought)
    days_ago = random.integers(0, 80, len(users))
    held_out = (days_ago < 7).astype(np.int32)
    rows = pa.table(
        {
            "user_id": pa.array([f"u{user:02}" for user in users]),
            "item_id": pa.array([f"i{item:02}" for item in items]),
            "days_ago": pa.array(days_ago),
            "held_out_count": pa.array(held_out),
        }
    )
    lake.connection.register("history", rows)
    lake.execute(
        """
        create table intermediate.int_interactions_weighted as
        select $day as data_day, user_id, item_id, 1 as event_count, 1.0::double as quantity,
            cast(2 as decimal(12, 2)) as value, moment as first_occurred_at, moment as last_occurred_at,
            moment as last_bought_at, power(0.5, days_ago / 42) as weight,
            if(held_out_count = 0, power(0.5, (days_ago - 7) / 42), 0) as weight_before_holdout, held_out_count
        from (select *, cast($day - days_ago::integer as timestamp) + interval 23 hour as moment from history)
        """,
        {"day": DAY},
    )


def fill_facts(lake: Warehouse) -> None:
    """Every ninth item is sold out; one user is not eligible, and one has no history. Nobody gave any feedback."""
    for table in ("item_facts", "audience", "item_offers"):
        lake.ensure_table(f"candidate.{table}")
    make_feedback(lake)
    lake.execute(
        f"""
        insert into candidate.item_facts by name
        select $day as data_day, format('i{{:02}}', i) as item_id, 'Item ' || i as title, 'D' || i % 5 as department,
            1.5 as price, i % 9 > 0 as is_available, i + 1 as buyers_28d
        from range({ITEMS}) as r(i)
        """,
        {"day": DAY},
    )
    lake.execute(
        f"""
        insert into candidate.audience by name
        select $day as data_day, format('u{{:02}}', u) as user_id, 'D3' as favourite_department, u <> 7 as is_eligible
        from range({USERS + 1}) as r(u)
        """,
        {"day": DAY},
    )


def make_feedback(lake: Warehouse) -> None:
    """Nobody gave any, and nobody was shown an offer."""
    lake.execute(
        "create table staging.stg_shop__feedback (data_day date, source_row bigint, user_id varchar, item_id varchar,"
        " offer_id varchar, kind varchar, occurred_at timestamp, occurred_on date)"
    )
    lake.execute("create table intermediate.int_offers_delivered (data_day date, offer_id varchar, user_id varchar)")


def fill_offers(lake: Warehouse) -> None:
    """An offer that is valid on the day, one that is over, and one that is announced later."""
    lake.execute(
        """
        create table staging.stg_shop__offers as
        select $day + known as data_day, 'o' as offer_id, item_id, $day + first as starts_on, $day + last as ends_on
        from (values (-30, 'i04', -20, 5), (-30, 'i05', -40, -10), (1, 'i06', -3, 9)) as t(known, item_id, first, last)
        """,
        {"day": DAY},
    )


def fill_events(lake: Warehouse) -> None:
    """What the history was made of, once each, and ten days in which every user buys on: some again, some anew."""
    lake.execute(
        f"""
        create table intermediate.int_events_cleaned as
        with past as (
            select last_bought_at as occurred_at, user_id, item_id from intermediate.int_interactions_weighted
        ),
        future as (
            select
                cast($day + cast(1 + (u + i) // 2 % 10 as integer) as timestamp) + interval 9 hour as occurred_at,
                format('u{{:02}}', u) as user_id,
                format('i{{:02}}', i) as item_id
            from range({USERS}) as users(u), range({ITEMS}) as items(i)
            where (u * 7 + i * 3) % 11 = 0 and u % 2 = i % 2
        )
        select
            cast(occurred_at as date) as data_day,
            user_id || item_id || occurred_at as event_id,
            'purchase' as event_type,
            cast(2.0 as double) as quantity,
            cast(3.0 as decimal(12, 2)) as value,
            *
        from (select * from past union all select * from future)
        """,
        {"day": DAY},
    )


def weights_of(lake: Warehouse) -> Weights:
    interactions = read_interactions(lake, DAY)
    return weigh(interactions, interactions.weights, load_config("als")["least_weight"])


def parameters() -> AlsParameters:
    return AlsParameters.from_config(load_config("als"))
