with landed as (
    select
        data_day,
        source_row,
        user_id,
        has_consent,
        locale,
        age_band,
        income_band,
        household_size,
        valid_from
    from {{ source('raw', 'users') }}
),

renamed as (
    select
        data_day,
        source_row,
        user_id,
        has_consent,
        locale,
        nullif(trim(age_band), '') as age_band,
        nullif(trim(income_band), '') as income_band,
        nullif(trim(household_size), '') as household_size,
        valid_from
    from landed
)

select * from renamed
