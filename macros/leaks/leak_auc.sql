{#
    One row: max(AUC, 1 - AUC) of a number as a score for a class, of the class
    that it tells best from the rest; NULL with a single class. Classes of less than
    1% of the rows do not count: a few rows stand at an end by chance. Tied
    numbers share their mean rank.
#}
{% macro leak_auc(features, number, class) -%}
    select max(greatest(auc, 1 - auc)) as value
    from (
        select
            safe_divide(
                sum(mean_rank) - count(*) * (count(*) + 1) / 2,
                count(*) * (max(all_rows) - count(*))
            ) as auc
        from (
            select
                {{ class }} as class,
                rank() over (order by {{ number }})
                + (count(*) over (partition by {{ number }}) - 1) / 2
                    as mean_rank,
                count(*) over () as all_rows
            from {{ features }}
        ) as ranked
        group by class
        having count(*) >= 0.01 * max(all_rows)
    ) as by_class
{%- endmacro %}
