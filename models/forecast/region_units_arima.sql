{{ config(materialized='bqml_model', meta=series_meta()) }}
-- depends_on: {{ ref('features_fingerprint') }}
-- depends_on: {{ ref('model_trainings') }}
select
    region,
    year_start,
    units
from {{ ref('region_series') }}
