{#- A value outside the reference list is flagged with the nearest listed one. -#}
{% macro unlisted_flag(column) -%}
    if(
        {{ column }} in unnest({{ column }}_values),
        null,
        (
            select
                concat(
                    'unlisted {{ column }}: ', {{ column }},
                    ' (nearest: ', listed, ')'
                )
            from unnest({{ column }}_values) as listed
            order by edit_distance(lower({{ column }}), lower(listed)), listed
            limit 1
        )
    )
{%- endmacro %}
