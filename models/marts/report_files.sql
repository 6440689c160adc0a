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

)

select * from files
