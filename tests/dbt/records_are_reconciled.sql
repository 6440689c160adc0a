{# Every record of every report is a sale, rejected or a duplicate. #}
select
    source_file,
    records,
    sales,
    rejected,
    duplicates
from {{ ref('report_files') }}
where records is null or records != sales + rejected + duplicates
