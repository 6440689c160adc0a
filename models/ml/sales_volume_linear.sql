{{
    config(
        materialized='bqml_model',
        meta={
            'ml_config': {
                'model_type': 'linear_reg',
                'input_label_cols': ['sales_volume'],
                'data_split_method': 'custom',
                'data_split_col': 'is_eval',
                'optimize_strategy': 'normal_equation',
                'l1_reg': 0.0,
                'l2_reg': 0.0,
                'category_encoding_method': 'one_hot_encoding',
                'enable_global_explain': true
            },
            'export': {
                'label': 'sales_volume',
                'task': 'regression',
                'features': [
                    'model', 'year', 'region', 'color', 'fuel_type',
                    'transmission', 'engine_size_l', 'mileage_km', 'price_usd'
                ],
                'method': 'auto'
            }
        }
    )
}}
-- depends_on: {{ ref('leak_audit') }}
-- depends_on: {{ ref('features_fingerprint') }}
-- depends_on: {{ ref('model_trainings') }}
select
    model,
    year,
    region,
    color,
    fuel_type,
    transmission,
    engine_size_l,
    mileage_km,
    price_usd,
    sales_volume,
    split = 'eval' as is_eval
from {{ ref('features') }}
where split != 'test'
