{#-
    The split hashes what describes the car alone: cars that are alike stay on
    one side, and no label decides where a row goes. Millilitres, because
    engines write a float as text in ways of their own.
-#}
{%- set car = [
    'model', 'year', 'region', 'color', 'fuel_type', 'transmission',
    'cast(round(engine_size_l * 1000) as int64)', 'mileage_km'
] -%}
with

sales as (

    select * from {{ ref('sales') }}

),

hashed as (

    select
        *,
        abs(mod(farm_fingerprint({{ row_key(car) }}), 10)) as bucket
    from sales

),

features as (

    select
        ---------- ids
        sale_id,

        ---------- the car
        model,
        year,
        region,
        color,
        fuel_type,
        transmission,
        engine_size_l,
        mileage_km,

        ---------- labels
        price_usd,
        sales_volume,
        sales_classification,

        ---------- where the row goes
        case
            when bucket < 6 then 'train'
            when bucket < 8 then 'eval'
            else 'test'
        end as split
    from hashed

)

select * from features
