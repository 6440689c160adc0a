with

checked as (

    select * from {{ ref('int_sales_checked') }}

),

reports_seen as (

    select * from {{ ref('reports_seen') }}

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

dated as (

    select
        files.*,
        reports_seen.first_seen_at
    from files
    left join reports_seen on files.source_file = reports_seen.source_file

)

select * from dated
