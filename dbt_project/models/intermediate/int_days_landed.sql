{{ config(materialized='view') }}
-- The same files, read to the same counts, give the same id: landed again without a change, a day stays as it is.
select
    data_day,
    md5(
        string_agg(
            concat_ws(' ', sha256, row_count, quarantined_count, duplicate_count, source_file),
            ', ' order by source_file, sha256
        )
    ) as landing_id
from {{ ref('stg_shop__landings') }}
where entity = 'events'
group by data_day
