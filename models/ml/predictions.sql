{#-
    Each trained model's answers on the rows that it has not seen, beside those
    of a constant: the train split's mean, or its share of each class. The first
    select has no rows: it gives the columns when no model is trained.
-#}
{%- set models = trained_models() -%}
{%- set table = ref('features') | string -%}
{%- set seen = "select * from " ~ table ~ " where split = 'train'" -%}
{%- set unseen = "select * from " ~ table ~ " where split = 'test'" -%}
-- depends_on: {{ ref('model_trainings') }}
-- depends_on: {{ ref('price_linear') }}
-- depends_on: {{ ref('sales_volume_linear') }}
-- depends_on: {{ ref('sales_class_logistic') }}
with

predicted as (

    select
        '' as model_name,
        sale_id,
        0.0 as actual_value,
        0.0 as predicted_value,
        0.0 as baseline_value,
        '' as actual_label,
        '' as predicted_label,
        0.0 as actual_probability,
        0.0 as baseline_probability
    from {{ ref('features') }}
    where false
    {% for model in models %}
    union all
    {{ prediction_rows(model, unseen, seen) }}
    {% endfor %}

)

select * from predicted
