{#
    A select of one trained model's answers on `rows` (a query), beside a
    constant learnt from `train_rows`: their mean, or their share of the class.
#}
{% macro prediction_rows(model, rows, train_rows) -%}
    {%- if model.task == 'regression' -%}
    select
        '{{ model.name }}' as model_name,
        sale_id,
        cast({{ model.label }} as float64) as actual_value,
        predicted_{{ model.label }} as predicted_value,
        (
            select avg({{ model.label }}) from ({{ train_rows }})
        ) as baseline_value,
        cast(null as string) as actual_label,
        cast(null as string) as predicted_label,
        cast(null as float64) as actual_probability,
        cast(null as float64) as baseline_probability
    from {{ ml_predict(model.relation, rows) }}
    {%- else -%}
    select
        '{{ model.name }}' as model_name,
        answers.sale_id,
        cast(null as float64) as actual_value,
        cast(null as float64) as predicted_value,
        cast(null as float64) as baseline_value,
        answers.{{ model.label }} as actual_label,
        answers.predicted_{{ model.label }} as predicted_label,
        coalesce(
            (
                select scored.prob
                from unnest(answers.predicted_{{ model.label }}_probs) as scored
                where scored.label = answers.{{ model.label }}
            ),
            0.0
        ) as actual_probability,
        coalesce(shares.share, 0.0) as baseline_probability
    from {{ ml_predict(model.relation, rows) }} as answers
    left join (
        select
            {{ model.label }} as label,
            count(*) / sum(count(*)) over () as share
        from ({{ train_rows }})
        group by 1
    ) as shares
        on answers.{{ model.label }} = shares.label
    {%- endif -%}
{%- endmacro %}
