select
    source_file,
    record_number
from {{ ref('rejected_sales') }}
where array_length(reasons) = 0
