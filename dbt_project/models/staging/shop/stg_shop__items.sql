with landed as (
    select
        data_day,
        source_row,
        item_id,
        title,
        department,
        category,
        brand,
        size,
        price,
        available,
        valid_from
    from {{ source('raw', 'items') }}
),

renamed as (
    select
        data_day,
        source_row,
        item_id,
        title,
        nullif(trim(department), '') as department,
        nullif(trim(category), '') as category,
        nullif(trim(brand), '') as brand,
        nullif(trim(size), '') as size,
        price,
        available as is_available,
        valid_from
    from landed
)

select * from renamed
