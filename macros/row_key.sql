{#
    One STRING out of several: a separator that no cell holds, a marker for
    NULL, so that ('a', null) and ('a', '') have different keys.
#}
{% macro row_key(columns) -%}
    concat(
        {%- for column in columns %}
        coalesce(cast({{ column }} as string), chr(1))
        {%- if not loop.last %}, chr(31), {% endif %}
        {%- endfor %}
    )
{%- endmacro %}
