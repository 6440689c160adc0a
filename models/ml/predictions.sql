{#- One query a trained model, over the rows that no model has seen. -#}
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

    {% for model in models -%}
    {%- set query = 'select * from features' -%}
    select
        '{{ model.name }}' as model_name,
        sale_id,
        {% if model.task == 'regression' -%}
        cast({{ model.label }} as float64) as actual_value,
        predicted_{{ model.label }} as predicted_value,
        cast(null as string) as actual_label,
        cast(null as string) as predicted_label,
        cast(null as float64) as actual_probability
        {%- else -%}
        cast(null as float64) as actual_value,
        cast(null as float64) as predicted_value,
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
        {%- endif %}
    from {{ ml_predict(model.relation, query) }}
    {% if not loop.last %}union all{% endif %}
    {% else -%}
    select
        cast(null as string) as model_name,
        cast(null as string) as sale_id,
        cast(null as float64) as actual_value,
        cast(null as float64) as predicted_value,
        cast(null as string) as actual_label,
        cast(null as string) as predicted_label,
        cast(null as float64) as actual_probability
    from features
    where false
    {% endfor %}

)

select * from predicted
