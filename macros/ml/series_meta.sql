{# The options of the models of `region_series`. #}
{% macro series_meta() -%}
    {{ return({
        'ml_config': {
            'model_type': 'arima_plus',
            'time_series_timestamp_col': 'year_start',
            'time_series_data_col': 'units',
            'time_series_id_col': 'region',
            'data_frequency': 'yearly',
            'horizon': var('forecast_years')
        },
        'forecast': {
            'label': 'units',
            'without_rows': 'no region sold in '
                ~ var('forecast_min_years') ~ ' years up to the last'
        }
    }) }}
{%- endmacro %}
