{#
    What the API is asked has skewed or drifted. It warns: a new training, which
    a failure would keep from happening, may be the cure.
#}
{{ config(severity='warn') }}
select
    model_name,
    comparison,
    input,
    metric,
    value,
    threshold
from {{ ref('data_monitoring') }}
where is_anomaly
