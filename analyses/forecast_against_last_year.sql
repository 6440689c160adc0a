{#
    Question: did the last model year sell what the years before it led one to
    expect, region by region?
    Read it as: expected is a straight line through the earlier years, with
    the 95% interval of one more year. `as expected` is within it; `above` and
    `below` are news. On a report without a trend nearly all are as expected.
#}
with

totals as (

    select * from {{ ref('sales_by_region_year') }}

),

years as (

    select
        *,
        max(year) over () as last_year
    from totals

),

earlier as (

    select
        region,
        last_year,
        count(*) as years,
        avg(year) as mean_year,
        avg(sales_volume) as mean_units,
        safe_divide(
            covar_pop(year, sales_volume), var_pop(year)
        ) as units_a_year,
        var_pop(year) * count(*) as spread,
        var_pop(sales_volume) * count(*) * (
            1 - coalesce(pow(corr(year, sales_volume), 2), 0)
        ) as unexplained
    from years
    where year < last_year
    group by region, last_year

),

expected as (

    select
        region,
        last_year,
        years,
        mean_units + units_a_year * (last_year - mean_year) as expected_units,
        1.96 * sqrt(
            safe_divide(unexplained, years - 2) * (
                1 + 1 / years + safe_divide(
                    pow(last_year - mean_year, 2), spread
                )
            )
        ) as margin
    from earlier

)

select
    expected.region,
    expected.last_year,
    years.sales_volume,
    expected.expected_units,
    expected.expected_units - expected.margin as lowest_expected,
    expected.expected_units + expected.margin as highest_expected,
    case
        when expected.margin is null then 'too few years'
        when
            years.sales_volume > expected.expected_units + expected.margin
            then 'above'
        when
            years.sales_volume < expected.expected_units - expected.margin
            then 'below'
        else 'as expected'
    end as finding
from expected
inner join years
    on
        expected.region = years.region
        and expected.last_year = years.year
order by expected.region
