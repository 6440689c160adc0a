{#-
    How far what the API is asked lies from what a model was trained on (skew),
    and from what it was asked in as many days before (drift), by BigQuery ML's
    own functions. Few rows differ by chance: a comparison of fewer than
    monitoring_min_rows is left out. The first select has no rows: it gives the
    columns when nothing is compared.
-#}
{%- set thresholds -%}
    struct(
            {{ var('monitoring_threshold') }} as categorical_default_threshold,
            {{ var('monitoring_threshold') }} as numerical_default_threshold
        )
{%- endset -%}
-- depends_on: {{ ref('prediction_log') }}
-- depends_on: {{ ref('model_trainings') }}
-- depends_on: {{ ref('price_linear') }}
-- depends_on: {{ ref('sales_volume_linear') }}
-- depends_on: {{ ref('sales_class_logistic') }}
with

compared as (

    select
        '' as model_name,
        '' as comparison,
        '' as input,
        '' as metric,
        0.0 as threshold,
        0.0 as value,
        false as is_anomaly,
        0 as base_rows,
        0 as study_rows
    from {{ ref('features') }}
    where false
    {% for model in asked_models() %}
    union all
    select
        '{{ model.name }}' as model_name,
        'skew' as comparison,
        input,
        metric,
        threshold,
        value,
        is_anomaly,
        cast(null as int64) as base_rows,
        {{ model.study_rows }} as study_rows
    from
        ml.validate_data_skew(
            model {{ model.relation }},
            ({{ logged_rows(model, 'study') }}),
            {{ thresholds }}
        )
    {% if model.base_rows >= var('monitoring_min_rows') %}
    union all
    select
        '{{ model.name }}' as model_name,
        'drift' as comparison,
        input,
        metric,
        threshold,
        value,
        is_anomaly,
        {{ model.base_rows }} as base_rows,
        {{ model.study_rows }} as study_rows
    from
        ml.validate_data_drift(
            ({{ logged_rows(model, 'base') }}),
            ({{ logged_rows(model, 'study') }}),
            {{ thresholds }}
        )
    {% endif %}
    {% endfor %}

)

select * from compared
