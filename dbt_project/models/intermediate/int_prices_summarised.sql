-- Versions of items that were known on the day; of several from one date the one that arrived last stands.
with versions as (
    select
        item_id,
        valid_from,
        arg_max({ price: price, is_available: is_available }, (data_day, source_row)) as version
    from {{ ref('stg_shop__items') }}
    where
        data_day <= {{ data_day() }}
        and valid_from <= {{ data_day() }}
    group by item_id, valid_from
),

spans as (
    select
        item_id,
        version.price,
        version.is_available,
        greatest(valid_from, {{ data_day() }} - ({{ var('typical_price_days') }} - 1)) as from_day,
        lead(valid_from, 1, {{ data_day() }} + 1) over (partition by item_id order by valid_from) as until_day
    from versions
),

-- One row for each day on which the item stood on the shelf at the price.
shelf_days as (
    select
        item_id,
        price,
        unnest(range(until_day - from_day)) as nth
    from spans
    where
        until_day > from_day
        and is_available
        and price is not null
)

select
    {{ data_day() }} as data_day,
    item_id,
    quantile_disc(price, 0.5) as typical_price,
    cast(count(*) as integer) as priced_days
from shelf_days
group by item_id
