-- What the recommendations of one day hold: one row per quantity.
with recommendations as (
    select
        user_id,
        rank,
        item_id,
        score,
        strategy,
        reason_item_id,
        model_version,
        concat('user_id=', user_id, ' rank=', rank, ' item_id=', item_id) as key_text,
        lag(score) over (partition by user_id, strategy order by rank) as score_above
    from candidate.recommendations
    where data_day = $day
),

repeated_ranks as (
    select min(key_text) as key_text from recommendations group by user_id, rank having count(*) > 1
),

lists as (
    select
        user_id,
        concat('user_id=', user_id) as key_text,
        min(rank) as first_rank,
        max(rank) as last_rank,
        count(distinct rank) as ranks,
        count(*) - count(rank) as unranked
    from recommendations
    group by user_id
),

repeated_items as (
    select min(key_text) as key_text from recommendations group by user_id, item_id having count(*) > 1
),

history as (
    select
        user_id,
        item_id,
        last_bought_at
    from intermediate.int_interactions_weighted
    where data_day = $day
),

items as (
    select
        item_id,
        is_available,
        price > 0
        and length(trim(title)) between 1 and $longest_title
        and not list_contains($excluded_departments, coalesce(department, ''))
        and not list_contains($excluded_categories, coalesce(category, '')) as is_promotable
    from candidate.item_facts
    where data_day = $day
),

eligible as (
    select user_id from candidate.audience where data_day = $day and is_eligible
)

select
    'repeated_ranks' as quantity,
    count(*) as measured,
    min(key_text) as example
from repeated_ranks
union all
select 'broken_lists', count(*), min(key_text) from lists
where not coalesce(first_rank = 1 and last_rank = ranks and unranked = 0, false)
union all
select 'largest_rank', coalesce(max(last_rank), 0), null from lists
union all
select 'list_length', $list_length, null
union all
select 'repeated_items', count(*), min(key_text) from repeated_items
union all
select 'bought_items', count(*), min(key_text) from recommendations
where exists (
    select 1 from history
    where
        history.user_id = recommendations.user_id
        and history.item_id = recommendations.item_id
        and history.last_bought_at >= $day + 1 - $excluded_days
)
union all
select 'unavailable_items', count(*), min(key_text) from recommendations
where not exists (
    select 1 from items
    where items.item_id = recommendations.item_id and items.is_available
)
union all
select 'items_not_to_promote', count(*), min(key_text) from recommendations
where not exists (
    select 1 from items
    where items.item_id = recommendations.item_id and items.is_promotable
)
union all
select 'ineligible_users', count(*), min(key_text) from recommendations
where not exists (select 1 from eligible where eligible.user_id = recommendations.user_id)
union all
select 'coverage', coalesce(count(lists.user_id) / nullif(count(*), 0), 1), min(eligible.user_id) filter (lists.user_id is null)
from eligible
left join lists on eligible.user_id = lists.user_id
union all
select 'unknown_strategies', count(*), min(key_text) from recommendations
where not coalesce(list_contains($strategies, strategy), false)
union all
select 'bad_scores', count(*), min(key_text) from recommendations
where not coalesce(isfinite(score) and (score_above is null or score <= score_above), false)
union all
select 'unfounded_reasons', count(*), min(key_text) from recommendations
where
    strategy = 'als'
    and not exists (
        select 1 from history
        where history.user_id = recommendations.user_id and history.item_id = recommendations.reason_item_id
    )
union all
select 'unversioned_rows', count(*), min(key_text) from recommendations where coalesce(trim(model_version), '') = ''
