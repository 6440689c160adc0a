{#
    Question: which regions grow, and by how much, from one model year to the
    next?
    Read it as: growth of 0.10 is 10% more units than the year before; there
    is none where the region sold nothing in that year.
#}
with

totals as (

    select * from {{ ref('sales_by_region_year') }}

),

growth as (

    select
        totals.region,
        totals.year,
        totals.sales_volume,
        safe_divide(totals.sales_volume, before.sales_volume) - 1 as growth
    from totals
    left join totals as before
        on
            totals.region = before.region
            and totals.year = before.year + 1

)

select
    region,
    year,
    sales_volume,
    growth
from growth
order by region, year
