{#-
    What can be forecast: regions that sold in the report's last year and in
    enough years. The last forecast_years are held out of the backtest.
-#}
with

totals as (

    select * from {{ ref('sales_by_region_year') }}

),

placed as (

    select
        *,
        count(*) over (partition by region) as years,
        max(year) over (partition by region) as region_last_year,
        max(year) over () as last_year
    from totals

),

series as (

    select
        region,
        year,
        date(year, 1, 1) as year_start,
        sales_volume as units,
        year > last_year - {{ var('forecast_years') }} as is_held_out
    from placed
    where
        years >= {{ var('forecast_min_years') }}
        and region_last_year = last_year

)

select * from series
