{#-
    Is the model better than a constant on rows it has not seen? Per row, the
    constant's loss minus the model's; a 95% interval of the mean; `signal` only
    if its lower end is above 0. The constant is the train split's mean, or its
    share of each class.
-#}
{%- set models = exported_models() -%}
with

features as (

    select * from {{ ref('features') }}

),

predictions as (

    select * from {{ ref('predictions') }}

),

trainings as (

    {{ last_trainings() }}

),

labels as (

    {% for model in models -%}
    select
        '{{ model.name }}' as model_name,
        '{{ model.label }}' as label,
        '{{ "squared_error" if model.task == "regression" else "log_loss" }}'
            as loss
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

means as (

    {% for model in models if model.task == 'regression' -%}
    select
        '{{ model.name }}' as model_name,
        avg({{ model.label }}) as baseline_value
    from features
    where split = 'train'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

shares as (

    {% for model in models if model.task == 'classification' -%}
    select
        '{{ model.name }}' as model_name,
        {{ model.label }} as actual_label,
        count(*) / sum(count(*)) over () as baseline_probability
    from features
    where split = 'train'
    group by 2
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

losses as (

    select
        predictions.model_name,
        if(
            predictions.actual_label is null,
            pow(means.baseline_value - predictions.actual_value, 2),
            -ln(greatest(coalesce(shares.baseline_probability, 0), 1e-15))
        ) as baseline_loss,
        if(
            predictions.actual_label is null,
            pow(predictions.predicted_value - predictions.actual_value, 2),
            -ln(greatest(predictions.actual_probability, 1e-15))
        ) as model_loss
    from predictions
    left join means
        on predictions.model_name = means.model_name
    left join shares
        on
            predictions.model_name = shares.model_name
            and predictions.actual_label = shares.actual_label

),

compared as (

    select
        model_name,
        count(*) as test_rows,
        avg(baseline_loss) as baseline_loss,
        avg(model_loss) as model_loss,
        avg(baseline_loss - model_loss) as improvement,
        1.959964 * stddev_samp(baseline_loss - model_loss) / sqrt(count(*))
            as half_width
    from losses
    group by 1

),

judged as (

    select
        labels.model_name,
        labels.label,
        labels.loss,
        coalesce(compared.test_rows, 0) as test_rows,
        compared.baseline_loss,
        compared.model_loss,
        compared.improvement,
        compared.improvement - compared.half_width as interval_low,
        compared.improvement + compared.half_width as interval_high,
        trainings.problem,
        coalesce(compared.improvement > compared.half_width, false)
            as has_signal
    from labels
    left join compared on labels.model_name = compared.model_name
    left join trainings on labels.model_name = trainings.model_name

),

verdicts as (

    select
        * except (problem, has_signal),
        if(has_signal, 'signal', 'no_signal') as status,
        case
            when problem is not null
                then concat('The model was not trained: ', problem, '.')
            when test_rows = 0
                then 'There are no test rows to judge the model by.'
            when has_signal
                then
                    'On rows it has not seen the model is better than a'
                    || ' constant.'
            else
                'On rows it has not seen the model is not better than a'
                || ' constant: do not decide by its predictions.'
        end as reason
    from judged

)

select * from verdicts
