{#
    Question: what does driving a car cost its price?
    Read it as: among cars of one model and one model year, 10,000 km more go
    with so many dollars more (or fewer, if negative). A correlation near 0
    says that mileage tells nothing about the price.
#}
with

sales as (

    select * from {{ ref('sales') }}

),

centred as (

    select
        model,
        mileage_km
        - avg(mileage_km) over (partition by model, year) as mileage_apart,
        price_usd
        - avg(price_usd) over (partition by model, year) as price_apart
    from sales

)

select
    model,
    count(*) as records,
    10000 * safe_divide(
        sum(mileage_apart * price_apart), sum(mileage_apart * mileage_apart)
    ) as price_usd_per_10000_km,
    corr(mileage_apart, price_apart) as correlation
from centred
group by model
order by price_usd_per_10000_km
