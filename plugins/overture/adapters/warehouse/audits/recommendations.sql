-- What the recommendations of one day hold: one row per quantity.
with recommendations as (
    select
        user_id,
        task,
        rank,
        item_id,
        score,
        strategy,
        reason_item_id,
        model_version,
        propensity,
        chance,
        coalesce(chance, score) as ordered_by,
        concat('user_id=', user_id, ' task=', task, ' rank=', rank, ' item_id=', item_id) as key_text,
        lag(ordered_by) over (partition by user_id, task, strategy, chance is null order by rank) as above
    from candidate.recommendations
    where data_day = $day
),

repeated_ranks as (
    select min(key_text) as key_text from recommendations group by user_id, task, rank having count(*) > 1
),

lists as (
    select
        user_id,
        task,
        concat('user_id=', user_id, ' task=', task) as key_text,
        min(rank) as first_rank,
        max(rank) as last_rank,
        count(distinct rank) as ranks,
        count(*) - count(rank) as unranked
    from recommendations
    group by user_id, task
),

repeated_items as (
    select min(key_text) as key_text from recommendations group by user_id, item_id having count(*) > 1
),

history as (
    select
        user_id,
        item_id,
        last_bought_at is not null as was_bought
    from intermediate.int_interactions_weighted
    where data_day = $day
),

reasons as (
    select
        reasons.share,
        recommendations.user_id is not null as has_row,
        history.user_id is not null as is_of_history,
        concat('user_id=', reasons.user_id, ' task=', reasons.task, ' rank=', reasons.rank, ' place=', place) as key_text
    from candidate.recommendation_reasons as reasons
    left join recommendations using (user_id, task, rank)
    left join history
        on reasons.user_id = history.user_id and reasons.reason_item_id = history.item_id
    where reasons.data_day = $day
),

items as (
    select
        item_id,
        is_available,
        price > 0
        and length(trim(title)) between 1 and $longest_title
        and not list_contains($excluded_departments, coalesce(department, ''))
        and not list_contains($excluded_categories, coalesce(category, '')) as is_promotable,
        concat(coalesce(title, ''), chr(31), coalesce(category, '')) in (select unnest($nameless)) as is_nameless
    from candidate.item_facts
    where data_day = $day
),

ceilings as (
    select
        unnest($ceiling_strategies) as strategy,
        unnest($ceiling_shares) as largest_share
),

-- Of a shop that has just opened most users are new, and no share says anything.
settled as (
    select count(*) > 0 as is_settled
    from intermediate.int_interactions_weighted
    where data_day = $day and first_occurred_at < $day - $settled_days
),

shares as (
    select
        strategy,
        count(*) / sum(count(*)) over () as share
    from recommendations
    where task = 'discover'
    group by strategy
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
select 'misplaced_items', count(*), min(key_text) from recommendations
where coalesce(task not in ('discover', 'replenish'), true) or (task = 'replenish') <> exists (
    select 1 from history
    where
        history.user_id = recommendations.user_id
        and history.item_id = recommendations.item_id
        and history.was_bought
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
select 'nameless_items', count(*), min(key_text) from recommendations
where exists (
    select 1 from items
    where items.item_id = recommendations.item_id and items.is_nameless
)
union all
select 'ineligible_users', count(*), min(key_text) from recommendations
where not exists (select 1 from eligible where eligible.user_id = recommendations.user_id)
union all
select 'coverage', coalesce(count(lists.user_id) / nullif(count(*), 0), 1), min(eligible.user_id) filter (lists.user_id is null)
from eligible
left join lists on eligible.user_id = lists.user_id and lists.task = 'discover'
union all
select 'unknown_strategies', count(*), min(key_text) from recommendations
where not coalesce(list_contains($strategies, strategy), false)
union all
select 'overfull_rungs', count(*), min(concat('strategy=', shares.strategy, ' share=', round(shares.share, 3)))
from shares
inner join ceilings on shares.strategy = ceilings.strategy
cross join settled
where shares.share > ceilings.largest_share and settled.is_settled
union all
select 'bad_propensities', count(*), min(key_text) from recommendations
where not coalesce(propensity > 0 and propensity <= 1, false)
union all
select 'bad_scores', count(*), min(key_text) from recommendations
where
    not coalesce(isfinite(score) and (above is null or ordered_by <= above), false)
    or not coalesce(chance between 0 and 1, strategy <> 'blend')
union all
select 'unfounded_reasons', count(*), min(key_text) from (
    select key_text from recommendations
    where
        reason_item_id is not null
        and not exists (
            select 1 from history
            where history.user_id = recommendations.user_id and history.item_id = recommendations.reason_item_id
        )
    union all
    select key_text from reasons
    where not coalesce(has_row and is_of_history and share > 0 and isfinite(share), false)
)
union all
select 'unexplained_rows', count(*), min(key_text) from recommendations
where
    strategy in ('blend', 'als_with_ease', 'fold_in', 'habits')
    and not exists (
        select 1 from candidate.recommendation_reasons as reasons
        where
            reasons.data_day = $day
            and reasons.user_id = recommendations.user_id
            and reasons.task = recommendations.task
            and reasons.rank = recommendations.rank
    )
union all
select 'unversioned_rows', count(*), min(key_text) from recommendations where coalesce(trim(model_version), '') = ''
