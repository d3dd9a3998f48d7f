with landed as (
    select
        data_day,
        source_row,
        offer_id,
        item_id,
        audience,
        starts_on,
        ends_on,
        value
    from {{ source('raw', 'offers') }}
),

renamed as (
    select
        data_day,
        source_row,
        offer_id,
        item_id,
        audience,
        starts_on,
        ends_on,
        value
    from landed
)

select * from renamed
