{#-
    The API writes here (PREDICTION_LOG), by load jobs; dbt makes the table and
    adds nothing. A full refresh would lose what was logged.
-#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
        partition_by={
            'field': 'logged_at',
            'data_type': 'timestamp',
            'granularity': 'day'
        },
        partition_expiration_days=var('prediction_log_days'),
        cluster_by=['model_name']
    )
}}
with

logged as (

    select
        cast(null as timestamp) as logged_at,
        cast(null as string) as request_id,
        cast(null as int64) as row_index,
        cast(null as string) as door,
        cast(null as string) as model_name,
        cast(null as string) as model_version,
        cast(null as float64) as predicted_value,
        cast(null as string) as predicted_label,
        cast(null as float64) as predicted_probability,
        parse_json('{}') as features
    from unnest(cast([] as array<int64>))

)

select * from logged
