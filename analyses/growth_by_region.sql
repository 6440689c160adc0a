{#
    Question: which regions grow, and by how much, from one model year to the
    next?
    Read it as: growth of 0.10 is 10% more units than the year before.
#}
with

totals as (

    select * from {{ ref('sales_by_region_year') }}

),

compared as (

    select
        region,
        year,
        sales_volume,
        lag(sales_volume) over (partition by region order by year)
            as previous_sales_volume
    from totals

),

growth as (

    select
        region,
        year,
        sales_volume,
        safe_divide(sales_volume, previous_sales_volume) - 1 as growth
    from compared

)

select
    region,
    year,
    sales_volume,
    growth
from growth
order by region, year
