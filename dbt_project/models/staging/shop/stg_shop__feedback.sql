with landed as (
    select
        data_day,
        source_row,
        user_id,
        item_id,
        offer_id,
        kind,
        occurred_at
    from {{ source('raw', 'feedback') }}
),

renamed as (
    select
        data_day,
        source_row,
        user_id,
        item_id,
        offer_id,
        kind,
        occurred_at,
        cast(occurred_at as date) as occurred_on
    from landed
)

select * from renamed
