-- What was landed for one day: one row per entity.
with wanted as (
    select
        unnest($entities) as entity,
        unnest($least_files) as least_files,
        unnest($least_rows) as least_rows,
        unnest($allowed_shares) as allowed_share
),

landings as (
    select
        entity,
        count(*) as files,
        count(*) - count(distinct source_file) as repeated_files,
        sum(row_count) as file_rows,
        sum(row_count - quarantined_count - duplicate_count) as recorded_rows,
        sum(quarantined_count) as recorded_quarantined_rows,
        count(*) filter (not coalesce(regexp_full_match(sha256, '[0-9a-f]{64}'), false)) as files_without_sha256
    from raw.landings
    where data_day = $day
    group by entity
),

history as (
    select
        entity,
        sum(quarantined_count) / nullif(sum(row_count), 0) as quarantined_share,
        median(row_count) filter (data_day between $day - 28 and $day - 1) as usual_rows
    from raw.landings
    where data_day <= $day
    group by entity
),

quarantined as (
    select
        entity,
        count(*) as quarantined_rows
    from raw.quarantine
    where data_day = $day
    group by entity
),

landed as (
    select
        'events' as entity,
        count(*) as row_count,
        count(*) filter (
            event_id is null or user_id is null or item_id is null or event_type is null or occurred_at is null
        ) as null_keys,
        count(event_id) - count(distinct event_id) as repeated_keys,
        count(*) filter (occurred_at >= $day_end) as impossible_dates,
        min(event_id) filter (occurred_at >= $day_end) as impossible_dates_example
    from raw.events
    where data_day = $day
    union all
    select
        'items' as entity,
        count(*) as row_count,
        count(*) filter (item_id is null or title is null or available is null or valid_from is null) as null_keys,
        count(*) - count(distinct (item_id, valid_from)) as repeated_keys,
        0 as impossible_dates,
        null as impossible_dates_example
    from raw.items
    where data_day = $day
    union all
    select
        'users' as entity,
        count(*) as row_count,
        count(*) filter (user_id is null or has_consent is null or locale is null or valid_from is null) as null_keys,
        count(*) - count(distinct (user_id, valid_from)) as repeated_keys,
        0 as impossible_dates,
        null as impossible_dates_example
    from raw.users
    where data_day = $day
    union all
    select
        'offers' as entity,
        count(*) as row_count,
        count(*) filter (offer_id is null or item_id is null or starts_on is null or ends_on is null) as null_keys,
        count(*) - count(distinct (offer_id, item_id)) as repeated_keys,
        count(*) filter (ends_on < starts_on) as impossible_dates,
        min(offer_id) filter (ends_on < starts_on) as impossible_dates_example
    from raw.offers
    where data_day = $day
    union all
    select
        'feedback' as entity,
        count(*) as row_count,
        count(*) filter (
            user_id is null or coalesce(item_id, offer_id) is null or kind is null or occurred_at is null
        ) as null_keys,
        count(*) - count(distinct (feedback_id, user_id, item_id, offer_id, kind, occurred_at)) as repeated_keys,
        count(*) filter (occurred_at >= $day_end) as impossible_dates,
        min(user_id) filter (occurred_at >= $day_end) as impossible_dates_example
    from raw.feedback
    where data_day = $day
)

select
    wanted.entity,
    wanted.least_files,
    wanted.least_rows,
    wanted.allowed_share,
    landed.row_count,
    landed.null_keys,
    landed.repeated_keys,
    landed.impossible_dates,
    landed.impossible_dates_example,
    coalesce(landings.files, 0) as files,
    coalesce(landings.repeated_files, 0) as repeated_files,
    coalesce(landings.files_without_sha256, 0) as files_without_sha256,
    coalesce(landings.recorded_rows, 0) as recorded_rows,
    coalesce(landings.recorded_quarantined_rows, 0) as recorded_quarantined_rows,
    coalesce(quarantined.quarantined_rows, 0) as quarantined_rows,
    coalesce(quarantined.quarantined_rows, 0)
    / greatest(landings.file_rows, 1) as quarantined_share,
    coalesce(history.quarantined_share, 0) as history_quarantined_share,
    case
        when wanted.entity = 'events' and wanted.least_rows > 0 and history.usual_rows >= $usual_needs_rows
            then landed.row_count / history.usual_rows
        else 1
    end as times_usual_rows
from wanted
left join landed on wanted.entity = landed.entity
left join landings on wanted.entity = landings.entity
left join history on wanted.entity = history.entity
left join quarantined on wanted.entity = quarantined.entity
order by wanted.entity
