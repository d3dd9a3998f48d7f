-- What the marts of one day hold: one row per quantity.
with items as (
    select
        item_id,
        title,
        price,
        typical_price,
        currency,
        is_available,
        valid_from,
        last_sold_on
    from candidate.item_facts
    where data_day = $day
),

offers as (
    select
        offer_id,
        item_id,
        starts_on,
        ends_on
    from candidate.item_offers
    where data_day = $day
),

preferences as (
    select
        user_id,
        kind,
        tag,
        rank,
        share_of_spend
    from candidate.user_preferences
    where data_day = $day
),

users as (
    select
        user_id,
        has_consent,
        is_eligible,
        last_active_on
    from candidate.audience
    where data_day = $day
),

interactions as (
    select
        user_id,
        item_id
    from intermediate.int_interactions_weighted
    where data_day = $day
),

bought as (
    select
        interactions.item_id,
        bool_or(items.item_id is not null) as has_facts
    from interactions
    left join items on interactions.item_id = items.item_id
    group by interactions.item_id
),

buyers as (
    select
        interactions.user_id,
        bool_or(users.user_id is not null) as has_row
    from interactions
    left join users on interactions.user_id = users.user_id
    group by interactions.user_id
),

-- Whoever ever consented, as landed, and was active lately: of them somebody should be eligible.
addressable as (
    select distinct users.user_id
    from users
    inner join raw.users as landed on users.user_id = landed.user_id
    where
        landed.has_consent
        and landed.data_day <= $day
        and landed.valid_from <= $day
        and users.last_active_on > $day - $active_days
),

repeated_items as (
    select item_id from items group by item_id having count(*) > 1
),

repeated_offers as (
    select offer_id from offers group by offer_id, item_id having count(*) > 1
),

repeated_ranks as (
    select user_id from preferences group by user_id, kind, rank having count(*) > 1
),

shares_above_whole as (
    select user_id from preferences group by user_id, kind having sum(share_of_spend) > 1 + 1e-6
),

repeated_users as (
    select user_id from users group by user_id having count(*) > 1
)

select
    'available_items' as quantity,
    count(*) filter (is_available) as measured,
    null as example
from items
union all
select 'repeated_items', count(*), min(item_id) from repeated_items
union all
select 'untitled_items', count(*), min(item_id) from items where coalesce(trim(title), '') = ''
union all
select 'negative_prices', count(*), min(item_id) from items where price < 0 or typical_price < 0
union all
select 'prices_without_currency', count(*), min(item_id) from items
where coalesce(price, typical_price) is not null and coalesce(currency, '') = ''
union all
select 'share_of_bought_items_without_facts', count(*) filter (not has_facts) / greatest(count(*), 1),
    min(item_id) filter (not has_facts)
from bought
union all
select 'facts_dated_after_day', count(*), min(item_id) from items
where not coalesce(valid_from <= $day, false) or last_sold_on > $day
union all
select 'invalid_offers', count(*), min(offer_id) from offers where not coalesce($day between starts_on and ends_on, false)
union all
select 'repeated_offers', count(*), min(offer_id) from repeated_offers
union all
select 'impossible_shares', count(*), min(user_id) from preferences
where not coalesce(share_of_spend between 0 and 1, false)
union all
select 'shares_above_whole', count(*), min(user_id) from shares_above_whole
union all
select 'repeated_preference_ranks', count(*), min(user_id) from repeated_ranks
union all
select 'repeated_users', count(*), min(user_id) from repeated_users
union all
select 'share_of_buyers_without_audience', count(*) filter (not has_row) / greatest(count(*), 1),
    min(user_id) filter (not has_row)
from buyers
union all
select 'eligible_without_consent', count(*), min(user_id) from users where is_eligible and has_consent is not true
union all
select 'eligible_not_active_lately', count(*), min(user_id) from users
where is_eligible and not coalesce(last_active_on > $day - $active_days and last_active_on <= $day, false)
union all
select 'eligible_users', count(*) filter (is_eligible), null from users
union all
select 'required_eligible_users', least($least_eligible_users, count(*)), null from addressable
