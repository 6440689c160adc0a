{#-
    The first select has no rows: it gives the columns when there are too few
    years for a forecast.
-#}
-- depends_on: {{ ref('region_units_arima') }}
-- depends_on: {{ ref('model_trainings') }}
with

forecasts as (

    select
        region,
        year,
        0.0 as units,
        0.0 as units_low,
        0.0 as units_high
    from {{ ref('region_series') }}
    where false
    {% if 'region_units_arima' in trained_names() %}
    union all
    select
        region,
        extract(year from forecast_timestamp) as year,
        -- nothing sells a negative number of cars
        greatest(forecast_value, 0) as units,
        greatest(prediction_interval_lower_bound, 0) as units_low,
        greatest(prediction_interval_upper_bound, 0) as units_high
    from {{ ml_forecast(ref('region_units_arima'), var('forecast_years')) }}
    {% endif %}

)

select * from forecasts
