with

source as (

    select
        *,
        _file_name as source_file
    from {{ source('vendas_bmw', 'vendas_raw') }}

),

renamed as (

    select
        ---------- ids
        source_file,
        safe_cast(record_number as int64) as record_number,

        ---------- text
        {{ trim_to_null('model') }} as model,
        {{ trim_to_null('region') }} as region,
        {{ trim_to_null('color') }} as color,
        {{ trim_to_null('fuel_type') }} as fuel_type,
        {{ trim_to_null('transmission') }} as transmission,
        {{ trim_to_null('sales_classification') }} as sales_classification,
        malformed_record,

        ---------- numbers, as reported
        {{ trim_to_null('year') }} as year_text,
        {{ trim_to_null('engine_size_l') }} as engine_size_l_text,
        {{ trim_to_null('mileage_km') }} as mileage_km_text,
        {{ trim_to_null('price_usd') }} as price_usd_text,
        {{ trim_to_null('sales_volume') }} as sales_volume_text,

        ---------- numbers
        safe_cast({{ trim_to_null('year') }} as int64) as year,
        safe_cast({{ trim_to_null('engine_size_l') }} as float64)
            as engine_size_l,
        safe_cast({{ trim_to_null('mileage_km') }} as int64) as mileage_km,
        safe_cast({{ trim_to_null('price_usd') }} as float64) as price_usd,
        safe_cast({{ trim_to_null('sales_volume') }} as int64) as sales_volume
    from source

)

select * from renamed
