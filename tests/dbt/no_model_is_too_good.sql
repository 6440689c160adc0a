{# What the leak audit did not find would show as a near perfect model. #}
select
    model_name,
    metric,
    value
from {{ ref('evaluations') }}
where
    metric in ('r2_score', 'roc_auc')
    and not is_nan(value)
    and value >= 0.999
