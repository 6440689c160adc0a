{#
    Question: does the mix move towards electric and hybrid cars?
    Read it as: share_of_units is the part of a model year's units that a fuel
    has; change is in points since the first year: 0.05 is five points more. A
    mix that does not move stays within a point or two.
#}
with

totals as (

    select * from {{ ref('sales_by_fuel_type') }}

),

shares as (

    select
        year,
        fuel_type,
        sales_volume,
        safe_divide(
            sales_volume, sum(sales_volume) over (partition by year)
        ) as share_of_units
    from totals

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
