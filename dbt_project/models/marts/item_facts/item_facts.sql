-- The version of each item that was valid and known on the day.
with items as (
    select
        item_id,
        min(valid_from) as first_valid_on,
        max(valid_from) as valid_from,
        arg_max(
            {
                title: title,
                department: department,
                category: category,
                brand: brand,
                size: size,
                price: price,
                is_available: is_available
            },
            (valid_from, data_day, source_row)
        ) as version
    from {{ ref('stg_shop__items') }}
    where
        data_day <= {{ data_day() }}
        and valid_from <= {{ data_day() }}
    group by item_id
),

sales as (
    select
        item_id,
        count(*) filter (last_bought_at >= {{ data_day() }} - 27) as buyers_28d,
        cast(max(last_bought_at) as date) as last_sold_on
    from {{ ref('int_interactions_weighted') }}
    where data_day = {{ data_day() }}
    group by item_id
)

select
    {{ data_day() }} as data_day,
    items.item_id,
    items.version.title,
    items.version.department,
    items.version.category,
    items.version.brand,
    items.version.size,
    items.version.price,
    prices.typical_price,
    {{ text_literal(var('currency')) }} as currency,
    items.version.is_available,
    cast(coalesce(sales.buyers_28d, 0) as integer) as buyers_28d,
    sales.last_sold_on,
    items.valid_from,
    case
        when sales.buyers_28d > 0 and items.version.category is not null
            then cast(count(*) over (partition by items.version.category order by sales.buyers_28d desc) as integer)
    end as category_rank,
    case when items.first_valid_on > min(items.first_valid_on) over () + 28 then items.first_valid_on end
        as first_valid_on
from items
left join {{ ref('int_prices_summarised') }} as prices
    on items.item_id = prices.item_id and prices.data_day = {{ data_day() }}
left join sales on items.item_id = sales.item_id
