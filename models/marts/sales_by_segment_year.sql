with

sales as (

    select * from {{ ref('sales') }}

),

car_models as (

    select * from {{ ref('car_models') }}

),

totals as (

    select
        coalesce(car_models.segment, 'Unlisted') as segment,
        sales.year,
        count(*) as records,
        sum(sales.sales_volume) as sales_volume,
        sum(sales.revenue_usd) as revenue_usd,
        avg(sales.price_usd) as average_price_usd
    from sales
    left join car_models on sales.model = car_models.model
    group by 1, 2

)

select * from totals
