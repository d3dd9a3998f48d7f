with items as (
    select
        facts.item_id,
        {{ taste_of('facts.category') }} as taste,
        facts.price / median(facts.price) over (partition by facts.category) as price_ratio
    from {{ ref('item_facts') }} as facts
    where facts.data_day = {{ data_day() }}
),

purchases as (
    select
        events.user_id,
        events.occurred_on,
        events.value,
        items.taste,
        items.price_ratio
    from {{ ref('int_events_cleaned') }} as events
    left join items on events.item_id = items.item_id
    where {{ is_bought_within('events', var('preference_days')) }}
),

habits as (
    select
        user_id,
        median(price_ratio) as price_ratio,
        count(distinct occurred_on) filter (occurred_on > {{ data_day() }} - {{ var('active_days') }}) as active_days
    from purchases
    group by user_id
),

shares as (
    select
        user_id,
        taste,
        sum(value) / sum(sum(value)) over (partition by user_id) as share,
        sum(sum(value)) over (partition by taste) / sum(sum(value)) over () as share_of_all
    from purchases
    where taste is not null and value > 0
    group by user_id, taste
),

told as (
    {{ told_tastes('shares') }}
)

select
    {{ data_day() }} as data_day,
    habits.user_id,
    string_agg(told.taste, ', ' order by told.place) as tastes,
    {{ step_of('any_value(habits.price_ratio)', var('price_tier_limits'), ['low', 'middle', 'high']) }} as price_tier,
    {{ step_of('any_value(habits.active_days)', var('cadence_days'), cadences()) }} as cadence,
    {{ signature() }} as signature,
    substr(sha256(signature), 1, 12) as signature_id
from habits
left join told on habits.user_id = told.user_id
group by habits.user_id
