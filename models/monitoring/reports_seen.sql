{#- When a run saw a report first; a full refresh would forget it. -#}
{{ config(materialized='incremental', full_refresh=false) }}
with

checked as (

    select * from {{ ref('int_sales_checked') }}

),

reports as (

    select distinct source_file from checked
    {% if is_incremental() %}
    except distinct
    select source_file from {{ this }}
    {% endif %}

),

seen as (

    select
        source_file,
        current_timestamp() as first_seen_at
    from reports

)

select * from seen
