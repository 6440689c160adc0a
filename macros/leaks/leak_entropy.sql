{#
    One row: the bits that the label keeps once the column is known; NULL if
    the label is constant or the column has fewer than 10 rows a value.
#}
{% macro leak_entropy(features, label, column) -%}
    select
        if(
            count(distinct label) > 1
            and sum(cell_rows) >= 10 * count(distinct column_value),
            sum(cell_rows * log(value_rows / cell_rows, 2)) / sum(cell_rows),
            null
        ) as value
    from (
        select
            label,
            column_value,
            cell_rows,
            sum(cell_rows) over (partition by column_value) as value_rows
        from (
            select
                cast({{ label }} as string) as label,
                cast({{ column }} as string) as column_value,
                count(*) as cell_rows
            from {{ features }}
            group by 1, 2
        ) as cells
    ) as counted
{%- endmacro %}
