{#-
    Is the forecast better than the mean of the years before, in the years that
    it had not seen? As in `verdicts`: `signal` only if the 95% interval of the
    gain is above 0. A gain of less than a millionth of the loss is rounding: an
    ARIMA model without terms is that mean.
-#}
with

backtest as (

    select * from {{ ref('forecast_backtest') }}

),

trainings as (

    {{ last_trainings() }}

),

losses as (

    select
        pow(baseline_units - units, 2) as baseline_loss,
        pow(forecast_units - units, 2) as model_loss
    from backtest

),

compared as (

    select
        {{ mean_gains('baseline_loss', 'model_loss') }}
    from losses

),

judged as (

    select
        compared.test_rows,
        compared.baseline_loss,
        compared.model_loss,
        compared.improvement,
        trainings.problem,
        compared.improvement - compared.half_width as interval_low,
        compared.improvement + compared.half_width as interval_high,
        coalesce(
            compared.test_rows >= {{ var('forecast_min_test_rows') }}
            and compared.improvement > compared.half_width
            and compared.improvement > 1e-6 * compared.baseline_loss,
            false
        ) as has_signal
    from compared
    left join trainings
        on trainings.model_name = 'region_units_arima_backtest'

),

verdict as (

    select
        {{ var('forecast_years') }} as held_out_years,
        test_rows,
        baseline_loss,
        model_loss,
        improvement,
        interval_low,
        interval_high,
        if(has_signal, 'signal', 'no_signal') as status,
        case
            when problem is not null
                then concat('There is no forecast: ', problem, '.')
            when test_rows = 0
                then 'There are no years to judge the forecast by.'
            when has_signal
                then
                    'In the years it had not seen the forecast is better than'
                    || ' the mean of the years before.'
            else
                'In the years it had not seen the forecast is not surely'
                || ' better than the mean of the years before: it shows no'
                || ' trend.'
        end as reason
    from judged

)

select * from verdict
