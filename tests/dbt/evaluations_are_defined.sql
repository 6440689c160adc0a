{{ config(severity='warn') }}
{# Counts metrics that the test rows do not define, such as AUC of one class. #}
select
    model_name,
    metric,
    value
from {{ ref('evaluations') }}
where value is null or is_nan(value) or is_inf(value)
