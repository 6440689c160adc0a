{# Metrics that cannot be: an R² above 1, a share outside 0 and 1. #}
select
    model_name,
    metric,
    value
from {{ ref('evaluations') }}
where
    (metric in ('r2_score', 'explained_variance') and value > 1)
    or (
        metric in ('precision', 'recall', 'accuracy', 'f1_score', 'roc_auc')
        and value not between 0 and 1
    )
    or (metric like '%error' and value < 0)
    or value is null
