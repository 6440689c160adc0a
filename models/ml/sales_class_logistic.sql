{{
    config(
        materialized='bqml_model',
        meta={
            'ml_config': {
                'model_type': 'logistic_reg',
                'input_label_cols': ['sales_classification'],
                'data_split_method': 'custom',
                'data_split_col': 'is_eval',
                'max_iterations': 20,
                'learn_rate_strategy': 'line_search',
                'ls_init_learn_rate': 0.1,
                'early_stop': true,
                'min_rel_progress': 0.01,
                'l1_reg': 0.0,
                'l2_reg': 0.0,
                'auto_class_weights': false,
                'category_encoding_method': 'one_hot_encoding',
                'enable_global_explain': true
            },
            'export': {
                'label': 'sales_classification',
                'task': 'classification',
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
    sales_classification,
    split = 'eval' as is_eval
from {{ ref('features') }}
where split != 'test'
