with landed as (
    select
        data_day,
        entity,
        source_file,
        sha256,
        row_count,
        quarantined_count,
        duplicate_count
    from {{ source('raw', 'landings') }}
)

select * from landed
