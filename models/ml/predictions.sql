{#-
    Each trained model's answers on the rows that it has not seen, beside those
    of a constant: the train split's mean, or its share of each class. The first
    select has no rows: it gives the columns when no model is trained.
-#}
{%- set models = trained_models() -%}
-- depends_on: {{ ref('model_trainings') }}
-- depends_on: {{ ref('price_linear') }}
-- depends_on: {{ ref('sales_volume_linear') }}
-- depends_on: {{ ref('sales_class_logistic') }}
with

features as (

    select * from {{ ref('features') }}
    where split = 'test'

),

predicted as (

    select
        '' as model_name,
        sale_id,
        0.0 as actual_value,
        0.0 as predicted_value,
        0.0 as baseline_value,
        '' as actual_label,
        '' as predicted_label,
        0.0 as actual_probability
    from features
    where false
    {% for model in models %}
    union all
    select
        '{{ model.name }}' as model_name,
        sale_id,
        {% if model.task == 'regression' %}
        cast({{ model.label }} as float64) as actual_value,
        predicted_{{ model.label }} as predicted_value,
        (
            select avg({{ model.label }}) from {{ ref('features') }}
            where split = 'train'
        ) as baseline_value,
        cast(null as string) as actual_label,
        cast(null as string) as predicted_label,
        cast(null as float64) as actual_probability
        {% else %}
        cast(null as float64) as actual_value,
        cast(null as float64) as predicted_value,
        cast(null as float64) as baseline_value,
        {{ model.label }} as actual_label,
        predicted_{{ model.label }} as predicted_label,
        coalesce(
            (
                select scored.prob
                from
                    unnest(predicted_{{ model.label }}_probs) as scored
                where scored.label = {{ model.label }}
            ),
            0.0
        ) as actual_probability
        {% endif %}
    from {{ ml_predict(model.relation, 'select * from features') }}
    {% endfor %}

),

shares as (

    select
        '' as model_name,
        '' as actual_label,
        0.0 as baseline_probability
    from features
    where false
    {% for model in models if model.task == 'classification' %}
    union all
    select
        '{{ model.name }}' as model_name,
        {{ model.label }} as actual_label,
        count(*) / sum(count(*)) over () as baseline_probability
    from {{ ref('features') }}
    where split = 'train'
    group by 2
    {% endfor %}

),

compared as (

    select
        predicted.*,
        if(
            predicted.actual_label is null,
            null,
            coalesce(shares.baseline_probability, 0.0)
        ) as baseline_probability
    from predicted
    left join shares
        on
            predicted.model_name = shares.model_name
            and predicted.actual_label = shares.actual_label

)

select * from compared
