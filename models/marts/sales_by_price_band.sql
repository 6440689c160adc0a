{#- Upper limits of the bands in US dollars; the last band has none. -#}
{%- set limits = [40000, 60000, 80000, 100000, 120000] -%}
with

sales as (

    select * from {{ ref('sales') }}

),

banded as (

    select
        *,
        range_bucket(price_usd, {{ limits }}) + 1 as price_band
    from sales

),

totals as (

    select
        price_band,
        min(price_usd) as lowest_price_usd,
        max(price_usd) as highest_price_usd,
        count(*) as records,
        sum(sales_volume) as sales_volume,
        sum(revenue_usd) as revenue_usd
    from banded
    group by 1

)

select * from totals
