"""What training and ranking read of one data day, as numpy arrays in one fixed order."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.item_names import KEY, nameless
from overture.core import columns
from overture.core.behaviour import Codes, Ids, Interactions, ItemFacts, Readers


def read_interactions(warehouse: Warehouse, day: date) -> Interactions:
    """Return the weighted interactions of `day`."""
    table = warehouse.arrow(
        """
        select
            user_id,
            item_id,
            weight,
            weight_before_holdout,
            cast(held_out_count as bigint) as held_out_count,
            cast(coalesce($day - cast(last_bought_at as date), -1) as bigint) as bought_days_ago
        from intermediate.int_interactions_weighted
        where data_day = $day
        """,
        {"day": day},
    )
    user_ids, users = encoded(table[columns.USER_ID])
    item_ids, items = encoded(table[columns.ITEM_ID])
    # The lake gives rows in any order; sums over them, and the hash, must not depend on it.
    order = np.lexsort((items, users))
    users, items = users[order], items[order]
    weights, before, held_out, days_ago = (
        table[name].to_numpy()[order]
        for name in (columns.WEIGHT, columns.WEIGHT_BEFORE_HOLDOUT, columns.HELD_OUT_COUNT, columns.BOUGHT_DAYS_AGO)
    )
    sha256 = _sha256([user_ids, item_ids, users, items, weights, before, held_out, days_ago])
    return Interactions(user_ids, item_ids, users, items, weights, before, held_out, days_ago, sha256)


FACTS = f"""
select
    item_id,
    coalesce(title, '') as title,
    coalesce(department, '') as department,
    is_available,
    length(trim(coalesce(title, ''))) between 1 and $longest_title
    and coalesce(price, 0) > 0
    and not list_contains($departments, coalesce(department, ''))
    and not list_contains($categories, coalesce(category, ''))
    and {KEY} not in (select unnest($nameless)) as is_promotable,
    cast(buyers_28d as double) as buyers_28d
from candidate.item_facts
where data_day = $day
order by item_id
"""


def read_facts(warehouse: Warehouse, day: date, ranking: Mapping[str, Any]) -> ItemFacts:
    """Return the item facts of `day`.

    ranking: what `config/ranking.toml` states. An item is not promotable without a title of 1 to `longest_title`
    characters, without a price, where its department or category is excluded, or where nothing names it.
    """
    table = warehouse.arrow(
        FACTS,
        {
            "day": day,
            "longest_title": ranking["longest_title"],
            "departments": ranking["excluded_departments"],
            "categories": ranking["excluded_categories"],
            "nameless": nameless(warehouse, day),
        },
    )
    return ItemFacts(
        texts(table[columns.ITEM_ID]),
        texts(table[columns.TITLE]),
        texts(table[columns.DEPARTMENT]),
        table[columns.IS_AVAILABLE].to_numpy(),
        table["is_promotable"].to_numpy(),
        table[columns.BUYERS_28D].to_numpy(),
    )


def read_readers(warehouse: Warehouse, day: date) -> Readers:
    """Return the eligible users of `day`."""
    table = warehouse.arrow(
        """
        select
            user_id,
            coalesce(favourite_department, '') as favourite_department
        from candidate.audience
        where data_day = $day and is_eligible
        order by user_id
        """,
        {"day": day},
    )
    return Readers(texts(table[columns.USER_ID]), texts(table[columns.FAVOURITE_DEPARTMENT]))


def encoded(column: pa.ChunkedArray) -> tuple[Ids, Codes]:
    """Return the sorted distinct texts, and each entry's position among them."""
    codes = column.combine_chunks().dictionary_encode()
    distinct = np.array(codes.dictionary.to_pylist(), dtype=np.str_)
    order = np.argsort(distinct, kind="stable")
    position = np.empty(len(distinct), np.int32)
    position[order] = np.arange(len(distinct), dtype=np.int32)
    return distinct[order], position[codes.indices.to_numpy()]


def texts(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    """Return a column of texts as numpy holds them."""
    return np.array(column.to_pylist(), dtype=np.str_)


def _sha256(arrays: Sequence[npt.NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        content = "\0".join(array.tolist()).encode() if array.dtype.kind == "U" else array.tobytes()
        digest.update(f"{array.dtype.kind} {len(array)} {len(content)}\0".encode() + content)
    return digest.hexdigest()
