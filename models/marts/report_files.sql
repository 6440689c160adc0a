{#- When an earlier run saw a report first is in the table itself. -#}
{%- set present = load_relation(this) -%}
{%- set columns = (
    adapter.get_columns_in_relation(present) | map(attribute='name') | list
) if present else [] -%}
with

checked as (

    select * from {{ ref('int_sales_checked') }}

),

files as (

    select
        source_file,
        safe_cast(
            regexp_extract(source_file, r'-n([0-9]+)\.csv$') as int64
        ) as records,
        countif(status = 'clean') as sales,
        countif(status = 'clean' and array_length(flags) > 0) as flagged,
        countif(status = 'rejected') as rejected,
        countif(status = 'duplicate') as duplicates
    from checked
    group by 1

),

seen as (

    {% if 'first_seen_at' in columns %}
        select
            source_file,
            first_seen_at
        from {{ this }}
    {% else %}
        select
            cast(null as string) as source_file,
            cast(null as timestamp) as first_seen_at
    {% endif %}

),

dated as (

    select
        files.*,
        coalesce(seen.first_seen_at, current_timestamp()) as first_seen_at
    from files
    left join seen on files.source_file = seen.source_file

)

select * from dated
