{#
    Question: which columns tell High from Low, and which of them only repeat
    the answer?
    Read it as: a value of 0.5 (auc) says nothing, 1 says all; a
    column that leaks is never a feature.
#}
with

audit as (

    select * from {{ ref('leak_audit') }}

)

select
    column_name,
    measure,
    value,
    leaks
from audit
where label = 'sales_classification'
order by leaks desc, measure asc, value desc
