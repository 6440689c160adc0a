{#
    Metrics that cannot be: an R² above 1, a share outside 0 and 1. What the test
    rows do not define is counted by evaluations_are_defined.
#}
select
    model_name,
    metric,
    value
from {{ ref('evaluations') }}
where
    not is_nan(value)
    and (
        (metric in ('r2_score', 'explained_variance') and value > 1)
        or (
            metric in ('precision', 'recall', 'accuracy', 'f1_score', 'roc_auc')
            and value not between 0 and 1
        )
        or (metric like '%error' and value < 0)
    )
