-- The version of each user that was valid and known on the day.
with users as (
    select
        user_id,
        arg_max(
            {
                has_consent: has_consent,
                locale: locale,
                age_band: age_band,
                income_band: income_band,
                household_size: household_size
            },
            (valid_from, data_day, source_row)
        ) as version
    from {{ ref('stg_shop__users') }}
    where
        data_day <= {{ data_day() }}
        and valid_from <= {{ data_day() }}
    group by user_id
),

activity as (
    select
        user_id,
        last_active_on,
        spend_28d
    from {{ ref('int_users_summarised') }}
    where data_day = {{ data_day() }}
),

favourites as (
    select
        user_id,
        tag as department
    from {{ ref('user_preferences') }}
    where
        data_day = {{ data_day() }}
        and kind = 'department'
        and rank = 1
)

select
    {{ data_day() }} as data_day,
    users.user_id,
    users.version.has_consent,
    users.version.locale,
    users.version.age_band,
    users.version.income_band,
    users.version.household_size,
    activity.last_active_on,
    favourites.department as favourite_department,
    coalesce(activity.spend_28d, 0) as spend_28d,
    users.version.has_consent
    and coalesce(activity.last_active_on > {{ data_day() }} - {{ var('active_days') }}, false) as is_eligible
from users
left join activity on users.user_id = activity.user_id
left join favourites on users.user_id = favourites.user_id
