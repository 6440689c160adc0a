{#
    One STRING out of several: a separator that no cell holds, a marker for
    NULL, so that ('a', null) and ('a', '') have different keys.
#}
{% macro row_key(columns) -%}
    concat(
        {%- for column in columns %}
        coalesce(cast({{ column }} as string), '\x01')
        {%- if not loop.last %}, '\x1f', {% endif %}
        {%- endfor %}
    )
{%- endmacro %}
