with landed as (
    select
        data_day,
        event_id,
        user_id,
        item_id,
        event_type,
        occurred_at,
        quantity,
        value,
        context
    from {{ source('raw', 'events') }}
),

renamed as (
    select
        data_day,
        event_id,
        user_id,
        item_id,
        event_type,
        occurred_at,
        cast(occurred_at as date) as occurred_on,
        quantity,
        value,
        nullif(trim(context), '') as basket_id
    from landed
)

select * from renamed
