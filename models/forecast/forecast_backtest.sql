{#-
    What the same model, without the last years, forecast for them, beside the
    mean of the years before. The first select has no rows: it gives the columns
    when there are too few years.
-#}
-- depends_on: {{ ref('region_units_arima_backtest') }}
-- depends_on: {{ ref('model_trainings') }}
with

series as (

    select * from {{ ref('region_series') }}

),

baselines as (

    select
        region,
        avg(units) as baseline_units
    from series
    where not is_held_out
    group by 1

),

forecasts as (

    select
        region,
        year,
        0.0 as forecast_units
    from series
    where false
    {% if 'region_units_arima_backtest' in trained_names() %}
    union all
    select
        region,
        extract(year from forecast_timestamp) as year,
        greatest(forecast_value, 0) as forecast_units
    from
        {{ ml_forecast(
            ref('region_units_arima_backtest'), var('forecast_years')
        ) }}
    {% endif %}

),

compared as (

    select
        series.region,
        series.year,
        series.units,
        forecasts.forecast_units,
        baselines.baseline_units
    from series
    inner join forecasts
        on
            series.region = forecasts.region
            and series.year = forecasts.year
    inner join baselines on series.region = baselines.region
    where series.is_held_out

)

select * from compared
