select
    {{ data_day() }} as data_day,
    offer_id,
    user_id,
    min(occurred_at) as delivered_at
from {{ ref('stg_shop__feedback') }}
where
    data_day <= {{ data_day() }}
    and occurred_at < {{ data_day() }} + 1
    and kind = 'delivered'
    and offer_id is not null
group by offer_id, user_id
