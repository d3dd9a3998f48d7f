-- What was announced by the day; of several announcements of one item in one offer the last stands.
with announced as (
    select
        offer_id,
        item_id,
        arg_max(
            { audience: audience, starts_on: starts_on, ends_on: ends_on, value: value },
            (data_day, source_row)
        ) as terms
    from {{ ref('stg_shop__offers') }}
    where data_day <= {{ data_day() }}
    group by offer_id, item_id
)

select
    {{ data_day() }} as data_day,
    offer_id,
    item_id,
    terms.audience,
    terms.starts_on,
    terms.ends_on,
    terms.value
from announced
where {{ data_day() }} between terms.starts_on and terms.ends_on
