with

sales as (

    select * from {{ ref('sales') }}

),

car_models as (

    select * from {{ ref('car_models') }}

),

placed as (

    select
        sales.*,
        coalesce(car_models.segment, 'Unlisted') as segment
    from sales
    left join car_models on sales.model = car_models.model

),

totals as (

    select
        segment,
        year,
        count(*) as records,
        sum(sales_volume) as sales_volume,
        sum(revenue_usd) as revenue_usd,
        avg(price_usd) as average_price_usd
    from placed
    group by 1, 2

)

select * from totals
