with

sales as (

    select * from {{ ref('sales') }}

),

totals as (

    select
        region,
        year,
        count(*) as records,
        sum(sales_volume) as sales_volume,
        sum(revenue_usd) as revenue_usd,
        avg(price_usd) as average_price_usd
    from sales
    group by 1, 2

)

select * from totals
