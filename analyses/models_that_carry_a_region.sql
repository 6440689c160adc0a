{#
    Question: which models carry a region's revenue, and how many of them does
    half of it need?
    Read it as: share_of_revenue is the model's part of the region's, and
    share_so_far that of it and all models above it. A region that one or two
    models carry depends on them; with an even mix every model has its turn.
#}
with

sales as (

    select * from {{ ref('sales') }}

),

totals as (

    select
        region,
        model,
        sum(revenue_usd) as revenue_usd
    from sales
    group by region, model

),

shares as (

    select
        *,
        safe_divide(
            revenue_usd, sum(revenue_usd) over (partition by region)
        ) as share_of_revenue,
        row_number() over (
            partition by region order by revenue_usd desc, model asc
        ) as place
    from totals

),

running as (

    select
        *,
        sum(share_of_revenue) over (
            partition by region order by place
        ) as share_so_far
    from shares

)

select
    region,
    place,
    model,
    revenue_usd,
    share_of_revenue,
    share_so_far,
    share_so_far - share_of_revenue < 0.5 as carries_half
from running
order by region, place
