with

checked as (

    select * from {{ ref('int_sales_checked') }}

),

sales as (

    select
        ---------- ids
        sale_id,
        source_file,
        record_number,

        ---------- text
        model,
        region,
        color,
        fuel_type,
        transmission,
        sales_classification,
        flags,

        ---------- numbers
        year,
        engine_size_l,
        mileage_km,
        price_usd,
        sales_volume,
        price_usd * sales_volume as revenue_usd
    from checked
    where status = 'clean'

)

select * from sales
