{#
    Question: how sure is each verdict, and how many more sales would it take
    to change it?
    Read it as: improvement is the part of a constant's loss that the model
    takes away. For `signal`, test_rows_needed of the test_rows there are
    would do. For `no_signal` with a gain, that many would make the gain sure
    if it stayed as it is, and sales_needed that many sales in all (a fifth
    are test rows); none at all means that more of the same would not help.
#}
with

verdicts as (

    select * from {{ ref('verdicts') }}

),

gains as (

    select
        *,
        safe_divide(improvement, baseline_loss) as share_of_loss,
        (interval_high - interval_low) / 2 as half_width
    from verdicts

),

needed as (

    select
        *,
        if(
            improvement > 0,
            cast(
                ceil(test_rows * pow(safe_divide(half_width, improvement), 2))
                as int64
            ),
            null
        ) as test_rows_needed
    from gains

)

select
    model_name,
    status,
    share_of_loss as improvement,
    test_rows,
    test_rows_needed,
    test_rows_needed * 5 as sales_needed,
    case
        when test_rows = 0 then 'no test rows'
        when status = 'signal' then 'sure'
        when test_rows_needed is null then 'more of the same would not help'
        else 'more sales may show a small gain'
    end as finding
from needed
order by model_name
