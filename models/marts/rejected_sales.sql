with

checked as (

    select * from {{ ref('int_sales_checked') }}

),

rejected as (

    select
        ---------- ids
        source_file,
        record_number,

        ---------- why
        reasons,

        ---------- the record as reported
        model,
        year_text,
        region,
        color,
        fuel_type,
        transmission,
        engine_size_l_text,
        mileage_km_text,
        price_usd_text,
        sales_volume_text,
        sales_classification,
        malformed_record
    from checked
    where status = 'rejected'

)

select * from rejected
