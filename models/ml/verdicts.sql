{#-
    Is the model better than a constant on rows it has not seen? Per row, the
    constant's loss minus the model's; a 95% interval of the mean; `signal` only
    if its lower end is above 0. The constant is the train split's mean, or its
    share of each class. `forecast_verdict` judges the forecast.
-#}
with

predictions as (

    select * from {{ ref('predictions') }}

),

trainings as (

    {{ last_trainings() }}

),

losses as (

    select
        model_name,
        if(
            actual_label is null,
            pow(baseline_value - actual_value, 2),
            -ln(greatest(baseline_probability, 1e-15))
        ) as baseline_loss,
        if(
            actual_label is null,
            pow(predicted_value - actual_value, 2),
            -ln(greatest(actual_probability, 1e-15))
        ) as model_loss
    from predictions

),

compared as (

    select
        model_name,
        {{ mean_gains('baseline_loss', 'model_loss') }}
    from losses
    group by 1

),

judged as (

    select
        trainings.model_name,
        trainings.label,
        compared.baseline_loss,
        compared.model_loss,
        compared.improvement,
        trainings.problem,
        if(trainings.task = 'regression', 'squared_error', 'log_loss') as loss,
        coalesce(compared.test_rows, 0) as test_rows,
        compared.improvement - compared.half_width as interval_low,
        compared.improvement + compared.half_width as interval_high,
        coalesce(compared.improvement > compared.half_width, false)
            as has_signal
    from trainings
    left join compared on trainings.model_name = compared.model_name
    where trainings.task != 'forecasting'

),

verdicts as (

    select
        model_name,
        label,
        loss,
        test_rows,
        baseline_loss,
        model_loss,
        improvement,
        interval_low,
        interval_high,
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
