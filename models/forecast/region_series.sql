{#-
    What can be forecast: regions that sold in enough years, in the last one and
    in the one before those that the backtest does not see. The last year is one
    in which half of the regions sold: a few records of a later one are no end of
    a series.
-#}
with

totals as (

    select * from {{ ref('sales_by_region_year') }}

),

regions_a_year as (

    select
        year,
        count(*) as regions
    from totals
    group by year

),

last as (

    select max(year) as last_year
    from regions_a_year
    where 2 * regions >= (select count(distinct totals.region) from totals)

),

placed as (

    select
        totals.*,
        last.last_year,
        count(*) over (partition by totals.region) as years,
        countif(
            totals.year in (
                last.last_year, last.last_year - {{ var('forecast_years') }}
            )
        ) over (partition by totals.region) as ends
    from totals
    cross join last
    where totals.year <= last.last_year

),

series as (

    select
        region,
        year,
        date(year, 1, 1) as year_start,
        sales_volume as units,
        year > last_year - {{ var('forecast_years') }} as is_held_out
    from placed
    where years >= {{ var('forecast_min_years') }} and ends = 2

)

select * from series
