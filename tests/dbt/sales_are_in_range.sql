{# Nothing that cleaning rejects is left among the sales. #}
select
    sale_id,
    source_file,
    record_number
from {{ ref('sales') }}
where
    year not between 1990 and 2030
    or engine_size_l not between 0 and 10
    or mileage_km not between 0 and 1000000
    or price_usd not between 1 and 10000000
    or sales_volume not between 0 and 1000000
    or model is null
    or region is null
    or color is null
    or fuel_type is null
    or transmission is null
    or sales_classification is null
