-- What there is to train on for one day.
select
    count(*) as interactions,
    count(distinct user_id) as users,
    count(distinct item_id) as items
from intermediate.int_interactions_weighted
where data_day = $day
