select
    model_name,
    status,
    interval_low
from {{ ref('verdicts') }}
where (status = 'signal') != coalesce(interval_low > 0, false)
