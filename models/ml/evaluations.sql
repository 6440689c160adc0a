{%- set models = trained_models() -%}
{%- set metrics = {
    'regression': [
        'mean_absolute_error', 'mean_squared_error',
        'mean_squared_log_error', 'median_absolute_error', 'r2_score',
        'explained_variance'
    ],
    'classification': [
        'precision', 'recall', 'accuracy', 'f1_score', 'log_loss', 'roc_auc'
    ]
} -%}
-- depends_on: {{ ref('model_trainings') }}
-- depends_on: {{ ref('price_linear') }}
-- depends_on: {{ ref('sales_volume_linear') }}
-- depends_on: {{ ref('sales_class_logistic') }}
with

features as (

    select * from {{ ref('features') }}
    where split = 'test'

),

evaluated as (

    {% for model in models -%}
    select
        '{{ model.name }}' as model_name,
        metric,
        value
    from
        {{ ml_evaluate(model.relation, 'select * from features') }}
    unpivot include nulls (
        value for metric in ({{ metrics[model.task] | join(', ') }})
    )
    {% if not loop.last %}union all{% endif %}
    {% else -%}
    select
        cast(null as string) as model_name,
        cast(null as string) as metric,
        cast(null as float64) as value
    from features
    where false
    {% endfor %}

)

select * from evaluated
