{{ config(severity='warn') }}
{# Counts what is kept but worth a look. #}
select
    sale_id,
    flags
from {{ ref('sales') }}
where array_length(flags) > 0
