{#-
    ML.EVALUATE on the test rows. The first select has no rows: it gives the
    columns when no model is trained.
-#}
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

    select
        '' as model_name,
        '' as metric,
        0.0 as value
    from features
    where false
    {% for model in models %}
    union all
    select
        '{{ model.name }}' as model_name,
        metric.name as metric,
        metric.value as value
    from {{ ml_evaluate(model.relation, 'select * from features') }} as scores
    cross join
        unnest([
            {% for name in metrics[model.task] %}
            struct('{{ name }}' as name, scores.{{ name }} as value)
            {%- if not loop.last %},{% endif %}
            {% endfor %}
        ]) as metric
    {% endfor %}

)

select * from evaluated
