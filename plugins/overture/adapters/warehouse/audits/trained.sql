-- What there is to train on for one day: interactions too light to be learned from count as input only.
select
    count(*) as interactions,
    count(distinct user_id) filter (weight >= $least_weight and weight > 0) as users,
    count(distinct item_id) filter (weight >= $least_weight and weight > 0) as items
from intermediate.int_interactions_weighted
where data_day = $day
