{#
    Question: does the mix move towards electric and hybrid cars?
    Read it as: share_of_units is the part of a model year's units that a fuel
    has, 0 in a year without it; change is in points since the first year of
    all sales: 0.05 is five points more. A mix that does not move stays within
    a point or two.
#}
with

totals as (

    select * from {{ ref('sales_by_fuel_type') }}

),

years as (

    select
        year,
        sum(sales_volume) as sales_volume
    from totals
    group by year

),

fuels as (

    select distinct fuel_type from totals

),

shares as (

    select
        years.year,
        fuels.fuel_type,
        coalesce(totals.sales_volume, 0) as sales_volume,
        safe_divide(
            coalesce(totals.sales_volume, 0), years.sales_volume
        ) as share_of_units
    from years
    cross join fuels
    left join totals
        on
            years.year = totals.year
            and fuels.fuel_type = totals.fuel_type

)

select
    year,
    fuel_type,
    sales_volume,
    share_of_units,
    share_of_units - first_value(share_of_units) over (
        partition by fuel_type order by year
    ) as change
from shares
order by fuel_type, year
